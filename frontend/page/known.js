/** The birds that the deployed model knows. */

import {canListen, loadSpecies} from "../api.js"
import {$, make} from "./dom.js"
import {nameOf, text} from "./i18n.js"

/** @type {Named[]} */
let known = []

/** 0 where the list is not loaded. */
export const countKnown = () => known.length

export const listKnown = () => known

/** Load the list once; without a network it stays empty. */
export async function loadKnown() {
	if (!known.length) known = await loadSpecies().catch(listOffline)
}

/** The model of this device knows them too. */
const listOffline = async () =>
	canListen ? (await import("./offline.js")).listSpecies().catch(() => []) : []

export async function showKnown() {
	await loadKnown()
	const names = known.length ? known.map(nameOf).sort() : [text("error.network")]
	$("known-list").replaceChildren(...names.map(name => make("li", name)))
}

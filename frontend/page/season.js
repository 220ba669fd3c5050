/** Marks birds that are unusual in the reader's cell in a month. Nobody is sent the cell. */

import {loadBytes} from "../api.js"
import {isUnusual, readSeasons} from "../core/where.js"
import {make} from "./dom.js"
import {text} from "./i18n.js"

const KEY = "place"
/** @type {Seasons | undefined} */
let seasons

/** The reader's cell, as it is kept. */
export function getCell() {
	const kept = localStorage.getItem(KEY)
	return kept ? /** @type {Cell} */ (kept.split(",").map(Number)) : null
}

/** @param {Cell | null} cell */
export function setCell(cell) {
	if (cell) localStorage.setItem(KEY, String(cell))
	else localStorage.removeItem(KEY)
}

/** Load the table, once, where there is a place. Without a network nothing is marked. */
export async function loadSeasons() {
	if (!seasons && getCell()) seasons = await load().catch(() => undefined)
	return seasons
}

async function load() {
	const packed = new Blob([await loadBytes("where/unusual.bin")]).stream()
	const whole = new Response(packed.pipeThrough(new DecompressionStream("gzip")))
	return readSeasons(new Uint8Array(await whole.arrayBuffer()))
}

/** The mark of a bird, or nothing. @param {Named} bird @param {Date | undefined} heard */
export function marks({scientific_name: species}, heard) {
	const cell = getCell()
	if (!seasons || !cell || !heard || !isUnusual(seasons, species, cell, heard.getMonth())) return []
	const month = heard.toLocaleString(document.documentElement.lang, {month: "long"})
	return [make("span", text("unusual", {month}), "unusual")]
}

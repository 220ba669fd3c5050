/** What was recorded and named on this device, and what was corrected; a list of it. */

import {$, make, onClick, show, write} from "./dom.js"
import {nameOf, percent, text} from "./i18n.js"
import {load, loadAll, newEntry, put, remove, removeAll, takeOver} from "./store.js"

// A larger file is the reader's own to keep.
const MAX_BYTES = 100 * 2 ** 20
/** Which entry a file is of. @type {WeakMap<File, string>} */
const entries = new WeakMap()
/** @type {OpenEntry} */
let openEntry = () => {}

/** @param {OpenEntry} choose */
export async function startHistory(choose) {
	openEntry = choose
	$("history-search").oninput = list
	onClick("history-clear", () => $("history-sure", HTMLDialogElement).showModal())
	onClick("history-clear-yes", async () => {
		await removeAll()
		await list()
	})
	onClick("corrections-save", async () => {
		const {saveCorrections} = await import("./correction-export.js")
		await saveCorrections(await loadAll())
	})
	await takeOver()
	await list()
}

/** Keep a recording. The store may be full: it is still here. @type {Keep} */
export const keep = async (file, answer = null) => {
	await navigator.storage?.persist?.()
	const entry = newEntry(file, answer)
	entries.set(file, entry.id)
	await put(entry).catch(() => entries.delete(file))
	await list()
}

/** Keep an answer with its recording; of a chosen file both. @type {Keep} */
export const keepAnswer = async (file, answer = null) => {
	const entry = await entryOf(file)
	if (entry) await put({...entry, answer})
	else if (file.size <= MAX_BYTES) return keep(file, answer)
	await list()
}

/** @param {File} file */
export async function entryOf(file) {
	const id = entries.get(file)
	return id ? load(id) : undefined
}

/** Keep what the reader says of a bird. @param {File} file @param {Correction} correction */
export async function keepCorrection(file, correction) {
	const entry = await entryOf(file)
	if (!entry) return
	const others = entry.corrections.filter(each => each.species !== correction.species)
	await put({...entry, corrections: [...others, correction]})
	await list()
}

/** Return what waits for a name, newest last. */
export const findUnnamed = async () => (await loadAll()).filter(entry => !entry.answer)

/** @param {Entry} entry */
export function toFile({id, sound, name}) {
	const {type, lastModified} = sound
	const file = new File([sound], name, {type, lastModified})
	entries.set(file, id)
	return file
}

export async function list() {
	const all = await loadAll()
	const words = $("history-search", HTMLInputElement).value.toLowerCase().split(/\s+/)
	const found = all.reverse().filter(entry => {
		const line = [describe(entry), ...latin(entry), entry.date, day(entry)].join(" ").toLowerCase()
		return words.every(word => line.includes(word))
	})
	$("history").replaceChildren(...found.map(row))
	write("history-none", found.length ? "" : text("history.none"))
	show("history-card", all.length > 0)
	show(
		"corrections-save",
		all.some(entry => entry.corrections.length > 0)
	)
}

/** @param {Entry} entry */
function row(entry) {
	const opener = make("button", [make("strong", day(entry)), ` ${describe(entry)}`], "tool")
	opener.onclick = () => openEntry(toFile(entry), entry)
	const acts = {
		"kept.save": async () => (await import("./export.js")).save(toFile(entry)),
		"kept.delete": async () => {
			await remove(entry.id)
			await list()
		}
	}
	const buttons = Object.entries(acts).map(([key, act]) => {
		const button = make("button", text(key), "tool")
		button.ariaLabel = `${text(key)}: ${entry.name}`
		button.onclick = act
		return button
	})
	const item = make("li", [opener, ...buttons], "row")
	item.dataset.date = entry.date
	return item
}

/** @param {Entry} entry */
const day = ({date}) =>
	new Date(date).toLocaleString(document.documentElement.lang, {
		dateStyle: "medium",
		timeStyle: "short"
	})

/** The birds, or why there is no name. @param {Entry} entry */
function describe({answer, corrections, name}) {
	const birds = answer?.birds.filter(bird => bird.certain) ?? []
	const names = birds.map(bird => `${nameOf(bird)} ${percent(bird.confidence)}`)
	const mine = corrections.map(({said}) => said && `${nameOf(said)} (${text("verified")})`)
	const words = answer ? text(`history.${answer.verdict}`) : text("history.waiting")
	return [...names, ...mine].filter(Boolean).join(", ") || `${words} · ${name}`
}

/** @param {Entry} entry */
const latin = ({answer, corrections, name}) => [
	name,
	...(answer?.birds.map(bird => bird.scientific_name) ?? []),
	...corrections.map(({said}) => said?.scientific_name ?? "")
]

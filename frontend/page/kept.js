/** Keeps the microphone's recordings on this device until the reader deletes them. */

import {$, make, show} from "./dom.js"
import {text} from "./i18n.js"

const FOLDER = "/kept/"
const NAMED = "X-Named"
const store = () => globalThis.caches?.open("kept-recording")
const address = (name = "") => FOLDER + encodeURIComponent(name)
const nameIn = (url = "") => decodeURIComponent(url.split(FOLDER)[1] ?? "")

/** @param {File} file @param {boolean} [named] */
export async function keep(file, named = false) {
	const headers = {"Content-Type": file.type, [NAMED]: named ? "1" : ""}
	await (await store())?.put(address(file.name), new Response(file, {headers}))
}

/** What is identified need not be opened by itself again. @param {File} file */
export async function markNamed(file) {
	if (await (await store())?.match(address(file.name))) await keep(file, true)
}

/** Return the newest that has no name yet. @returns {Promise<File | null>} */
export async function findUnnamed() {
	const found = await loadAll()
	const last = found.filter(([, response]) => !response.headers.get(NAMED)).at(-1)
	return last ? toFile(...last) : null
}

/** By their names, which are their times. @returns {Promise<[string, Response][]>} */
async function loadAll() {
	const opened = await store()
	const names = ((await opened?.keys()) ?? []).map(({url}) => nameIn(url)).sort()
	const found = await Promise.all(names.map(name => opened?.match(address(name))))
	return names.flatMap((name, i) => {
		const response = found[i]
		return response ? [[name, response]] : []
	})
}

/** @param {string} name @param {Response} response */
const toFile = async (name, response) =>
	new File([await response.blob()], name, {type: response.headers.get("Content-Type") ?? ""})

/** @param {(file: File) => void} choose */
export async function listKept(choose) {
	const all = await loadAll()
	const items = all.map(([name, response]) => {
		const file = toFile(name, response)
		const buttons = [
			make("button", name, "tool ltr"),
			make("button", text("kept.save"), "tool"),
			make("button", text("kept.delete"), "tool")
		]
		const acts = [choose, saveFile, (/** @type {File} */ kept) => remove(kept.name, choose)]
		buttons.forEach((button, i) => {
			if (i) button.ariaLabel = `${button.textContent}: ${name}`
			button.onclick = async () => acts[i](await file)
		})
		return make("li", buttons, "row")
	})
	$("kept-list").replaceChildren(...items)
	show("kept", items.length > 0)
}

/** @param {File} file */
const saveFile = async file => (await import("./export.js")).save(file)

/** @param {string} name @param {(file: File) => void} choose */
async function remove(name, choose) {
	await (await store())?.delete(address(name))
	await listKept(choose)
}

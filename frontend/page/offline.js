/** Keeps what names birds for days without a network: all files of one version, or none. */

import {loadBytes} from "../api.js"
import {CONSTANTS, FILES} from "../core/listen-files.js"
import {write} from "./dom.js"
import {text} from "./i18n.js"

const CACHE = "model"
const store = () => globalThis.caches?.open(CACHE)

/** Return whether it is there, in any version. */
export const isKept = async () => Boolean(await (await store())?.match(CONSTANTS))

/** Store all at once: addAll keeps nothing where one file fails. */
export async function keepForOffline() {
	const cache = await store()
	if (!cache || (await isCurrent(cache))) return
	await cache.addAll(FILES)
	for (const {url} of await cache.keys()) if (!FILES.includes(url)) await cache.delete(url)
}

/** Another version has other names, or other constants. @param {Cache} cache */
async function isCurrent(cache) {
	const kept = await cache.match(CONSTANTS)
	const now = new TextDecoder().decode(await loadBytes(CONSTANTS))
	return kept !== undefined && (await kept.text()) === now
}

/** What the kept model knows. @returns {Promise<Named[]>} */
export async function listSpecies() {
	/** @type {Constants} */
	const {labels, names} = JSON.parse(new TextDecoder().decode(await loadBytes(CONSTANTS)))
	return labels.map((scientific_name, i) => ({scientific_name, name: names[i]}))
}

/** What the button does. */
export async function keepOnRequest() {
	write("offline-state", text("offline.keeping"))
	await navigator.storage?.persist?.()
	const kept = await keepForOffline().then(isKept, () => false)
	write("offline-state", text(kept ? "offline.ready" : "offline.failed"))
}

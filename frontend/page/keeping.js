/** When what is recorded and named is kept, and what waits is named; history.js does it. */

import {canListen} from "../api.js"
import {currentState} from "./answer.js"

/** @type {typeof import("./history.js") | undefined} */
let kept
/** Songs to try are not the reader's. @type {WeakSet<File>} */
const foreign = new WeakSet()

/** @type {OpenFile} */
let openFile = async () => {}
/** @type {ReturnType<typeof start> | undefined} */
let starting

/** Not with the page: most have nothing to list. */
const load = () => (starting ??= start())

async function start() {
	const loaded = await import("./history.js")
	await loaded.startHistory((file, {answer}) =>
		openFile(file, {recorded: true, answer: answer ?? undefined})
	)
	return (kept = loaded)
}

/** @param {File} file */
export const doNotKeep = file => void foreign.add(file)

/** The store may be full: the recording is still here. @type {Keep} */
export const keepRecording = async (file, answer) =>
	(await load()).keep(file, answer).catch(() => {})

/** Once it has an answer. @param {File} file @param {Answer} answer */
export async function keepNamed(file, answer) {
	if (foreign.has(file) || !globalThis.indexedDB) return
	await (await load()).keepAnswer(file, answer).catch(() => {})
}

export const listHistory = () => kept?.list()

/** A phone may have closed the page before the newest was named. @param {OpenFile} open */
export async function openHistory(open, wished = false) {
	if (!globalThis.indexedDB) return
	openFile = open
	const {hasRecordings} = await import("./store.js")
	if (!(await hasRecordings())) return
	const {findUnnamed, toFile} = await load()
	const newest = (await findUnnamed()).at(-1)
	if (newest && !wished && currentState() === "empty") {
		await open(toFile(newest), {wait: true, recorded: true})
	}
	await nameWaiting()
}

/** What was recorded without a network, where this device can name it. */
export async function nameWaiting() {
	const waiting = canListen && (await kept?.findUnnamed())
	if (waiting && waiting.length) (await import("./waiting.js")).nameWaiting()
}

/** A new version of what is kept for offline. */
export async function renewOffline() {
	if (!canListen || !navigator.onLine || !(await globalThis.caches?.has("model"))) return
	const {isKept, keepForOffline} = await import("./offline.js")
	if (await isKept()) await keepForOffline().catch(() => {})
}

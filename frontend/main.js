/** The page until there is a recording; the rest is loaded when it is needed. */

import {ApiError, canListen} from "./api.js"
import {currentState, showState, writeCard} from "./page/answer.js"
import {startBirds} from "./page/birds.js"
import {startDeviceChoice, writeDeviceChoice} from "./page/device-choice.js"
import {$, onClick, show, write} from "./page/dom.js"
import {startFileInput} from "./page/file-input.js"
import {text} from "./page/i18n.js"
import {showKnown} from "./page/known.js"
import {startLanguage} from "./page/language.js"
import {startSamples, writeCredits} from "./page/samples.js"

/** @type {typeof import("./page/session.js") | undefined} */
let session
/** What "Try again" does where it is not the last request. @type {(() => void) | null} */
let again = null
// Shorter than the API takes.
const MIN_SECONDS = 0.5
let stop = new AbortController()
/** @type {typeof import("./page/history.js") | undefined} */
let loaded
/** Songs to try are not the reader's. @type {WeakSet<File>} */
const samples = new WeakSet()
// Why this page cannot record.
const obstacle = isSecureContext ? "" : "record.insecure"
const loadOffline = () => import("./page/offline.js")
const loadHistory = () => import("./page/history.js")

async function load() {
	const found = await import("./page/session.js")
	if (!session) found.startSession()
	return (session = found)
}

/** @param {File} file @param {Parameters<Choose>[1]} [options] */
async function choose(file, options) {
	stop.abort("discard")
	again = null
	write("notice")
	;(await load()).choose(file, options)
}

/** @param {File} file @param {number} others */
async function chooseOne(file, others) {
	await choose(file)
	if (others) write("notice", text("one.file", {name: file.name}))
}

/** @type {OpenEntry} */
const openEntry = (file, {answer}) => choose(file, {recorded: true, answer: answer ?? undefined})

/** Show "Try again" for what can fail before there is a recording. @param {() => void} retry */
async function begin(retry) {
	stop.abort()
	again = retry
	const mine = (stop = new AbortController())
	return {mine, ...(await load())}
}

async function startRecording() {
	const {mine, showError, back} = await begin(startRecording)
	try {
		const {record} = await import("./page/recorder.js")
		const file = await record(mine.signal, () => showState("recording"))
		if (mine !== stop) return
		if (mine.signal.reason === "discard") return back()
		if (!file) throw new ApiError("short_recording")
		await keepAndChoose(file)
	} catch (error) {
		showError(error instanceof DOMException ? new ApiError("microphone") : error)
	}
}

/** @param {File} file @param {Answer} [answer] */
async function keepAndChoose(file, answer) {
	await (await loadHistory()).keep(file, answer).catch(() => {})
	await choose(file, {recorded: true, answer})
}

async function startListening() {
	const {mine, showError, back} = await begin(startListening)
	try {
		const {listen} = await import("./page/listen.js")
		const {file, seconds, answer} = await listen(mine.signal, () => showState("listening"))
		if (mine !== stop) return
		if (seconds < MIN_SECONDS) return back()
		await keepAndChoose(file, answer ?? undefined)
	} catch (error) {
		showError(error instanceof DOMException ? new ApiError("microphone") : error)
	}
}

/** @param {() => Promise<File>} loadSample */
async function trySample(loadSample) {
	const {mine, showError} = await begin(() => trySample(loadSample))
	showState("preparing")
	try {
		const file = await loadSample()
		samples.add(file)
		if (mine === stop && currentState() === "preparing") await choose(file)
	} catch (error) {
		if (mine === stop) showError(error)
	}
}

function send() {
	if (again) again()
	else session?.sendAgain()
}

function refresh() {
	writeCard()
	write("record-why", obstacle && text(obstacle))
	writeDeviceChoice()
	writeCredits()
	writeOffline()
	session?.refresh()
	loaded?.list()
}

/** The banner; it promises to keep a recording only where there is one. */
function writeOffline() {
	writeDeviceChoice()
	show("offline", !navigator.onLine)
	write("offline", text(currentState() === "empty" ? "offline" : "offline.kept"))
}

async function openShared() {
	if (!location.hash.startsWith("#result=")) return
	const {fromFragment} = await import("./core/share.js")
	const shared = await fromFragment(location.hash.slice(8))
	if (shared) await (await load()).showShared(shared)
}

function startOffline() {
	ononline = onoffline = () => {
		writeOffline()
		if (navigator.onLine) nameWaiting()
	}
	new MutationObserver(writeOffline).observe($("main"), {attributeFilter: ["data-state"]})
	writeOffline()
	navigator.serviceWorker?.register("sw.js")
}

/** A new version of what is kept for offline. */
async function renewOffline() {
	if (!canListen || !navigator.onLine || !(await globalThis.caches?.has("model"))) return
	const {isKept, keepForOffline} = await loadOffline()
	if (await isKept()) await keepForOffline().catch(() => {})
}

/** A phone may have closed the page before the newest recording was named. */
async function openHistory(wished = false) {
	loaded = await loadHistory()
	await loaded.startHistory(openEntry)
	const waiting = await loaded.findUnnamed()
	if (waiting.length && !wished && currentState() === "empty") {
		const file = loaded.toFile(waiting[waiting.length - 1])
		await choose(file, {wait: true, recorded: true})
	}
	await nameWaiting()
}

/** What was recorded without a network, where this device can name it. */
async function nameWaiting() {
	const waiting = canListen && (await loaded?.findUnnamed())
	if (waiting && waiting.length) (await import("./page/waiting.js")).nameWaiting().catch(() => {})
}

/** @param {Event} event */
async function keepNamed(event) {
	const {file, answer} = /** @type {CustomEvent<{file: File, answer: Answer}>} */ (event).detail
	if (samples.has(file) || !loaded) return
	await loaded.keepAnswer(file, answer).catch(() => {})
	await session?.showCorrections()
}

async function start() {
	startFileInput(chooseOne)
	startSamples(trySample)
	onClick("pick", load) // While the reader looks for a file.
	$("record", HTMLButtonElement).disabled = Boolean(obstacle)
	onClick("record", startRecording)
	show("listen", canListen)
	$("listen", HTMLButtonElement).disabled = Boolean(obstacle)
	startDeviceChoice()
	onClick("listen", startListening)
	onClick("keep-offline", async () => (await loadOffline()).keepOnRequest())
	onClick("listen-stop", () => stop.abort("stop"))
	onClick("record-stop", () => stop.abort("stop"))
	onClick("record-discard", () => stop.abort("discard"))
	onClick("send", send)
	onClick("cancel", () => {
		again = null
		session?.back()
	})
	$("known").ontoggle = showKnown
	onhashchange = openShared
	addEventListener("named", keepNamed)
	await startLanguage(refresh)
	await openShared()
	startBirds()
	startOffline()
	const {startArrivals} = await import("./page/arrivals.js")
	const wished = await startArrivals(choose, () => !obstacle && canListen && startListening())
	if (globalThis.indexedDB) await openHistory(wished)
	await renewOffline()
}

start()

/** The page until there is a recording; the rest is loaded when it is needed. */

import {ApiError, canListen} from "./api.js"
import {currentState, showState, writeCard} from "./page/answer.js"
import {startBirds} from "./page/birds.js"
import {startDeviceChoice, writeDeviceChoice} from "./page/device-choice.js"
import {$, onClick, show, write} from "./page/dom.js"
import {startFileInput} from "./page/file-input.js"
import {text} from "./page/i18n.js"
import {
	doNotKeep,
	keepNamed,
	keepRecording,
	listHistory,
	nameWaiting,
	openHistory,
	renewOffline
} from "./page/keeping.js"
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
// Why this page cannot record.
const obstacle = isSecureContext ? "" : "record.insecure"

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
		await keepRecording(file)
		await choose(file, {recorded: true})
	} catch (error) {
		showError(error instanceof DOMException ? new ApiError("microphone") : error)
	}
}

async function startListening() {
	const {mine, showError, back} = await begin(startListening)
	try {
		const {listen} = await import("./page/listen.js")
		const {file, seconds, answer} = await listen(mine.signal, () => showState("listening"))
		if (seconds >= MIN_SECONDS) await keepRecording(file, answer)
		// Another file was chosen meanwhile.
		if (mine !== stop || mine.signal.reason === "discard") return
		if (seconds < MIN_SECONDS) return back()
		await choose(file, {recorded: true, answer: answer ?? undefined})
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
		doNotKeep(file)
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
	listHistory()
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
		nameWaiting()
	}
	new MutationObserver(writeOffline).observe($("main"), {attributeFilter: ["data-state"]})
	writeOffline()
	navigator.serviceWorker?.register("sw.js")
}

/** @param {Event} event */
async function onNamed(event) {
	const {file, answer} = /** @type {CustomEvent<{file: File, answer: Answer}>} */ (event).detail
	await keepNamed(file, answer)
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
	onClick("keep-offline", async () => (await import("./page/offline.js")).keepOnRequest())
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
	addEventListener("named", onNamed)
	await startLanguage(refresh)
	await openShared()
	startBirds()
	startOffline()
	const {startArrivals} = await import("./page/arrivals.js")
	const wished = await startArrivals(choose, () => !obstacle && canListen && startListening())
	await openHistory(choose, wished)
	await renewOffline()
}

start()

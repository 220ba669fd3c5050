/** The page until there is a recording; the rest is loaded when it is needed. */

import {canListen} from "./api.js"
import {currentState, writeCard} from "./page/answer.js"
import {
	cancel,
	choose,
	chooseOne,
	currentSession,
	loadSession,
	send,
	startListening,
	startRecording,
	stopRecording,
	trySample
} from "./page/begin.js"
import {startBirds} from "./page/birds.js"
import {startDeviceChoice, writeDeviceChoice} from "./page/device-choice.js"
import {$, onClick, show, write} from "./page/dom.js"
import {startFileInput} from "./page/file-input.js"
import {text} from "./page/i18n.js"
import {keepNamed, listHistory, nameWaiting, openHistory, renewOffline} from "./page/keeping.js"
import {showKnown} from "./page/known.js"
import {startLanguage} from "./page/language.js"
import {startSamples, writeCredits} from "./page/samples.js"

// Why this page cannot record.
const obstacle = isSecureContext ? "" : "record.insecure"

function refresh() {
	writeCard()
	write("record-why", obstacle && text(obstacle))
	writeDeviceChoice()
	writeCredits()
	writeOffline()
	if ($("where", HTMLDetailsElement).open) openWhere()
	currentSession()?.refresh()
	listHistory()
}

const openWhere = async () => (await import("./page/where.js")).openWhere()

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
	if (shared) await (await loadSession()).showShared(shared)
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
	await currentSession()?.showCorrections()
}

async function start() {
	startFileInput(chooseOne)
	startSamples(trySample)
	onClick("pick", loadSession) // While the reader looks for a file.
	$("record", HTMLButtonElement).disabled = Boolean(obstacle)
	onClick("record", startRecording)
	show("listen", canListen)
	$("listen", HTMLButtonElement).disabled = Boolean(obstacle)
	startDeviceChoice()
	onClick("listen", startListening)
	onClick("keep-offline", async () => (await import("./page/offline.js")).keepOnRequest())
	onClick("listen-stop", () => stopRecording("stop"))
	onClick("record-stop", () => stopRecording("stop"))
	onClick("record-discard", () => stopRecording("discard"))
	onClick("send", send)
	onClick("cancel", cancel)
	$("known").ontoggle = showKnown
	$("where").ontoggle = openWhere
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

/** The page until there is a recording; the rest is loaded when it is needed. */

import {ApiError, loadSpecies} from "./api.js"
import {currentState, showState, writeCard} from "./page/answer.js"
import {startBirds} from "./page/birds.js"
import {$, make, onClick, show, write} from "./page/dom.js"
import {loadDraft, saveDraft} from "./page/draft.js"
import {startFileInput} from "./page/file-input.js"
import {nameOf, text, useLanguage} from "./page/i18n.js"

/** @type {typeof import("./page/session.js") | undefined} */
let session
let recordingFailed = false
let stop = new AbortController()
// Why this page cannot record.
const obstacle = isSecureContext ? "" : "record.insecure"

async function load() {
	const loaded = await import("./page/session.js")
	if (!session) loaded.startSession()
	return (session = loaded)
}

/** @param {File} file */
async function choose(file) {
	stop.abort("discard")
	recordingFailed = false
	;(await load()).choose(file)
}

async function startRecording() {
	stop.abort()
	const mine = (stop = new AbortController())
	const {showError, back} = await load()
	recordingFailed = true
	try {
		const {record} = await import("./page/recorder.js")
		const file = await record(mine.signal, () => showState("recording"))
		if (mine !== stop) return
		if (mine.signal.reason === "discard") return back()
		if (!file) throw new ApiError("short_recording")
		await choose(file)
		await saveDraft(file)
	} catch (error) {
		showError(error instanceof DOMException ? new ApiError("microphone") : error)
	}
}

function send() {
	if (recordingFailed) startRecording()
	else session?.sendAgain()
}

function refresh() {
	writeCard()
	write("record-why", obstacle && text(obstacle))
	write("offline", text("offline"))
	session?.refresh()
}

async function showKnown() {
	if (!$("known", HTMLDetailsElement).open) return
	const known = loadSpecies().then(all => all.map(nameOf).sort())
	const names = await known.catch(() => [text("error.network")])
	$("known-list").replaceChildren(...names.map(name => make("li", name)))
}

async function openShared() {
	if (!location.hash.startsWith("#result=")) return
	const {fromFragment} = await import("./core/share.js")
	const shared = await fromFragment(location.hash.slice(8))
	if (shared) (await load()).showShared(shared)
}

async function startLanguage() {
	const choice = $("language", HTMLSelectElement)
	choice.value = ""
	const use = () => useLanguage(choice.value).then(refresh)
	// A language that is not in the list leaves the choice empty.
	for (const wanted of [localStorage.getItem("language"), ...navigator.languages, "en"]) {
		choice.value = choice.value || wanted?.slice(0, 2) || ""
	}
	choice.onchange = () => {
		localStorage.setItem("language", choice.value)
		use()
	}
	// A new service worker stores the table too.
	navigator.serviceWorker?.addEventListener("controllerchange", use)
	await use()
}

function startOffline() {
	const update = () => show("offline", !navigator.onLine)
	ononline = onoffline = update
	update()
	navigator.serviceWorker?.register("sw.js")
}

async function start() {
	startFileInput(choose)
	onClick("pick", load) // While the reader looks for a file.
	$("record", HTMLButtonElement).disabled = Boolean(obstacle)
	onClick("record", startRecording)
	onClick("record-stop", () => stop.abort("stop"))
	onClick("record-discard", () => stop.abort("discard"))
	onClick("send", send)
	onClick("cancel", () => session?.back())
	$("known").ontoggle = showKnown
	onhashchange = openShared
	await startLanguage()
	await openShared()
	startBirds()
	startOffline()
	const draft = currentState() === "empty" && (await loadDraft())
	if (draft && currentState() === "empty") choose(draft)
}

start()

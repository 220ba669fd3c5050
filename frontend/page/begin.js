/** What begins the work on a recording: a file, the microphone, a song to try. */

import {ApiError} from "../api.js"
import {currentState, showState} from "./answer.js"
import {write} from "./dom.js"
import {text} from "./i18n.js"
import {doNotKeep, keepRecording} from "./keeping.js"

/** @type {typeof import("./session.js") | undefined} */
let session
/** What "Try again" does where it is not the last request. @type {(() => void) | null} */
let again = null
// Shorter than the API takes.
const MIN_SECONDS = 0.5
let stop = new AbortController()

export const currentSession = () => session

export async function loadSession() {
	const found = await import("./session.js")
	if (!session) found.startSession()
	return (session = found)
}

/** @param {File} file @param {Parameters<Choose>[1]} [options] */
export async function choose(file, options) {
	stop.abort("discard")
	again = null
	write("notice")
	;(await loadSession()).choose(file, options)
}

/** @param {File} file @param {number} others */
export async function chooseOne(file, others) {
	await choose(file)
	if (others) write("notice", text("one.file", {name: file.name}))
}

/** Show "Try again" for what can fail before there is a recording. @param {() => void} retry */
async function begin(retry) {
	stop.abort()
	again = retry
	const mine = (stop = new AbortController())
	return {mine, ...(await loadSession())}
}

export async function startRecording() {
	const {mine, showError, back} = await begin(startRecording)
	try {
		const {record} = await import("./recorder.js")
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

export async function startListening() {
	const {mine, showError, back} = await begin(startListening)
	try {
		const {listen} = await import("./listen.js")
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
export async function trySample(loadSample) {
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

export function send() {
	if (again) again()
	else session?.sendAgain()
}

/** @param {string} reason */
export const stopRecording = reason => stop.abort(reason)

export function cancel() {
	again = null
	session?.back()
}

/** The work on one recording, from its choice to its answer. */

import {ApiError} from "../api.js"
import {showState} from "./answer.js"
import {$, onClick, show, write} from "./dom.js"
import {loadKnown} from "./known.js"
import {showMap, startMap} from "./minimap.js"
import {open, showPicture} from "./open.js"
import {loadBeside, loadIdentify, loadRows, loadTakeAway, parts} from "./parts.js"
import {select, selection, startPlayer} from "./player.js"
import {loadSeconds} from "./sound.js"
import {startView} from "./view.js"

/** @type {Record<Verdict, State>} */
const STATES = {bird: "result", unknown_bird: "unknown-bird", unsure: "unsure", no_bird: "no-bird"}

/** @type {Recording | null} */
let recording = null
/** @type {Answer | null} */
let answer = null
/** @type {Part | null} */
let sentPart = null

const current = () => ({answer, file: recording?.file, verify: parts.beside?.verify})

export function startSession() {
	startView()
	startMap()
	startPlayer()
	loadRows()
	loadIdentify()
	loadBeside()
	onClick("send-part", sendPart)
	addEventListener("part", showPart)
	loadTakeAway(current)
}

/** Open a file, and identify it unless it must wait. @type {Choose} */
export const choose = (file, {wait = false, recorded = false, answer: given} = {}) => {
	forget()
	if (location.hash) history.replaceState(null, "", location.pathname + location.search)
	const player = $("player", HTMLAudioElement)
	const url = (player.src = URL.createObjectURL(file))
	const mine = {file, url, work: new AbortController(), samples: Promise.resolve(null)}
	recording = mine
	write("sound-title", file.name)
	write("sound-length", "")
	show("save-recording", recorded)
	showPicture("waiting")
	select(null)
	recording.samples = open(file, loadSeconds(player), () => mine === recording)
	const failed = recording.samples.catch(error => wait && mine === recording && showError(error))
	if (wait) showState("chosen")
	return wait ? failed : given ? showResult(given) : send(null)
}

/** Empty all that belongs to the recording and its answer. */
function forget() {
	recording?.work.abort()
	if (recording) URL.revokeObjectURL(recording.url)
	recording = answer = sentPart = null
	parts.rows?.clearRows()
	showMap(0)
	parts.takeAway?.clearShared()
}

/** @param {Part | null} part */
async function send(part) {
	if (!recording) return
	recording.work.abort()
	recording.work = new AbortController()
	const {signal} = recording.work
	sentPart = part
	parts.takeAway?.clearShared()
	try {
		showState("preparing")
		await loadRows()
		const {identify} = await loadIdentify()
		const found = await identify(recording, part)
		if (found.verdict === "unknown_bird") await loadKnown()
		if (!signal.aborted) await showResult(found)
	} catch (error) {
		if (!signal.aborted) showError(error)
	}
}

/** Beside the answer where there is one, otherwise as the answer. */
async function sendPart() {
	if (selection && answer) (await loadBeside()).nameAlone(selection)
	else send(selection)
}

const showPart = async () => (await loadBeside()).showDoubt(selection, recording && answer)

export const sendAgain = () => send(sentPart)

/** @param {unknown} error */
export function showError(error) {
	const known = error instanceof ApiError
	showState("error", null, known ? error : new ApiError("page"))
	if (!known) throw error
}

/** To the last answer, otherwise to the recording, otherwise to the empty page. */
export function back() {
	recording?.work.abort()
	sentPart = null
	if (answer) showResult(answer)
	else showState(recording ? "chosen" : "empty")
}

/** @param {Answer} found */
async function showResult(found) {
	answer = found
	parts.takeAway?.clearShared()
	await loadRows()
	await (await loadTakeAway(current)).addExports()
	if (answer !== found) return
	refresh()
	showState(STATES[found.verdict], found)
	if (!recording || sentPart) return
	dispatchEvent(new CustomEvent("named", {detail: {file: recording.file, answer: found}}))
}

/** What the reader may say, and has said, of the birds; of what is kept. */
export async function showCorrections() {
	const {correct} = await loadBeside()
	if (recording && answer) await correct(recording.file, answer)
}

/** @param {Answer} shared */
export async function showShared(shared) {
	forget()
	showPicture("gone")
	if (shared.verdict === "unknown_bird") await loadKnown()
	await showResult(shared)
}

export function refresh() {
	if (!answer) return
	const heard = recording ? new Date(recording.file.lastModified) : undefined
	parts.rows?.showRows(answer, {
		playable: Boolean(recording),
		heard,
		share: bird => parts.takeAway?.shareBird(bird)
	})
	parts.beside?.renew(recording?.file, answer)
}

/** The work on one recording, from its choice to its answer. */

import {ApiError} from "../api.js"
import {SAMPLE_RATE} from "../core/chunks.js"
import {showState} from "./answer.js"
import {showDetails} from "./details.js"
import {$, onClick, write} from "./dom.js"
import {deleteDraft} from "./draft.js"
import {addExportButtons, saveAs, saveClip, share} from "./export.js"
import {clock} from "./i18n.js"
import {identify} from "./identify.js"
import {select, selection, startPlayer} from "./player.js"
import {decode, hold, loadSeconds} from "./sound.js"
import {showWindows, startTimeline} from "./timeline.js"
import {showSound, startView} from "./view.js"

const MAX_MEGABYTES = 300
const MAX_MINUTES = 60
// No smaller file is too long.
const SURELY_SHORT_BYTES = 10 * 2 ** 20

/** @type {Record<Verdict, State>} */
const STATES = {bird: "result", unknown_bird: "unsure", unsure: "unsure", no_bird: "no-bird"}

/** @type {Recording | null} */
let recording = null
/** @type {Answer | null} */
let answer = null
/** @type {Part | null} */
let sentPart = null

export function startSession() {
	startView()
	startPlayer()
	startTimeline()
	addExportButtons(format => {
		if (answer) saveAs(answer, recording?.file.name ?? "shared", format)
	})
	onClick("send-part", () => send(selection))
	onClick("save-clip", () => selection && recording && saveClip(selection, recording.file.name))
	onClick("share", () => answer && share(answer))
}

/** @param {File} file */
export function choose(file) {
	forget()
	const player = $("player", HTMLAudioElement)
	const url = (player.src = URL.createObjectURL(file))
	const mine = {file, url, work: new AbortController(), samples: Promise.resolve(null)}
	recording = mine
	sentPart = null
	write("sound-title", file.name)
	write("sound-length", "")
	showImage("waiting")
	select(null)
	refresh()
	showState("chosen")
	recording.samples = open(mine, player)
	recording.samples.catch(error => mine === recording && showError(error))
}

function forget() {
	recording?.work.abort()
	if (recording) URL.revokeObjectURL(recording.url)
	recording = answer = null
	showWindows([])
}

/** @param {Recording} mine @param {HTMLAudioElement} player */
async function open(mine, player) {
	const {size} = mine.file
	if (size === 0) throw new ApiError("empty_file")
	if (size > MAX_MEGABYTES * 2 ** 20) throw new ApiError("big_file", "", {megabytes: MAX_MEGABYTES})
	const long = size > SURELY_SHORT_BYTES && (await loadSeconds(player)) > MAX_MINUTES * 60
	if (long) throw new ApiError("long_file", "", {minutes: MAX_MINUTES})
	const sound = await decode(mine.file)
	if (mine !== recording) return null
	if (!sound) return showImage("none")
	const samples = await hold(sound, () => mine === recording && showImage("ready"))
	if (mine !== recording) return null
	showImage("drawing")
	write("sound-length", clock(samples / SAMPLE_RATE))
	showSound(samples / SAMPLE_RATE)
	return samples
}

/** @param {"waiting" | "drawing" | "ready" | "none" | "gone"} state */
function showImage(state) {
	$("sound").dataset.picture = state
	return null
}

/** @param {Part | null} part */
async function send(part) {
	if (!recording) return
	recording.work.abort()
	recording.work = new AbortController()
	const {signal} = recording.work
	sentPart = part
	try {
		showState("preparing")
		const found = await identify(recording, part)
		if (!signal.aborted) showResult(found)
	} catch (error) {
		if (!signal.aborted) showError(error)
	}
}

export const sendAgain = () => send(sentPart)

/** @param {unknown} error */
export function showError(error) {
	const known = error instanceof ApiError
	showState("error", null, known ? error : new ApiError("page"))
	if (!known) throw error
}

export function back() {
	recording?.work.abort()
	sentPart = null
	showState(recording ? "chosen" : "empty")
}

/** @param {Answer} found */
function showResult(found) {
	answer = found
	refresh()
	showState(STATES[found.verdict], found)
	deleteDraft()
}

/** @param {Answer} shared */
export function showShared(shared) {
	forget()
	showImage("gone")
	showResult(shared)
}

export function refresh() {
	if (!answer) return
	showWindows(answer.windows)
	showDetails(answer, Boolean(recording))
}

/** Sends a recording: in chunks where it can be decoded, otherwise as the file. */

import {ApiError, canListen, classify} from "../api.js"
import {hearOne} from "../core/birds.js"
import {SAMPLE_RATE, countDone, cutChunks, newJob, run, toChunk} from "../core/chunks.js"
import {join} from "../core/join.js"
import {showProgress, showState, showWaiting} from "./answer.js"
import {noteSpeed, usesDevice} from "./device-choice.js"
import {cutPcm, cutWav, toBase64} from "./sound.js"
import {showLanes} from "./timeline.js"

// The API's limits (docs/contracts.md).
const MAX_UNREAD_BYTES = 4 * 2 ** 20
const MIN_SAMPLES = SAMPLE_RATE / 2

// Where the service does not answer, this device does.
const UNREACHED = ["network", "offline", "slow"]

/** Throws ApiError or AbortError. @param {Recording} recording @param {Part | null} part */
export async function identify(recording, part) {
	const {signal} = recording.work
	const samples = await recording.samples
	signal.throwIfAborted()
	showWaiting(0)
	if (samples === null) return sendFile(recording.file, signal)
	const {start, end} = part ? toChunk(part) : {start: 0, end: samples}
	recording.job = resume(recording.job, cutChunks(start, Math.min(end, samples)))
	return sendChunks(recording.job, signal)
}

/** @param {File} file @param {AbortSignal} signal */
async function sendFile(file, signal) {
	if (file.size > MAX_UNREAD_BYTES) throw new ApiError("unreadable_file")
	const data = await toBase64(file)
	signal.throwIfAborted()
	showState("analysing")
	showProgress(null)
	const answer = await classify(data, signal, showWaiting)
	const {birds, windows, verdict, species} = answer
	return birds ? answer : {...answer, ...hearOne(windows, verdict, species)}
}

/** @param {Job} job @param {AbortSignal} signal */
function sendChunks(job, signal) {
	const update = () => {
		if (signal.aborted) return
		const soFar = join(job)
		showProgress(soFar, countDone(job), job.chunks.length)
		showLanes(soFar?.birds ?? [])
	}
	showState("analysing")
	update()
	return askChunks(job, signal, update)
}

/** @type {AskChunks} */
export const askChunks = async (job, signal, onProgress) => {
	let silence = new ApiError("silent_audio")
	let here = usesDevice()
	/** @param {Chunk} chunk @returns {Promise<ChunkAnswer>} */
	const ask = async chunk => {
		if (here) return askDevice(chunk)
		const {base64 = ""} = await cutWav(chunk)
		signal.throwIfAborted()
		return classify(base64, signal, showWaiting).catch(error => {
			if (canListen && UNREACHED.includes(error.code)) here = true
			if (here) return askDevice(chunk).catch(() => Promise.reject(error))
			if (error.code !== "silent_audio") throw error
			silence = error
			return "silent"
		})
	}
	const started = performance.now()
	await run(job, ask, onProgress)
	signal.throwIfAborted()
	const answer = join(job)
	if (!answer) throw silence
	const lasted = answer.audio_seconds * 1000
	if (!here) noteSpeed(lasted / (performance.now() - started))
	return here ? {...answer, answered_by: "device"} : answer
}

/** @param {Chunk} chunk @returns {Promise<ChunkAnswer>} */
async function askDevice(chunk) {
	const {classifyHere} = await import("./device.js")
	const {pcm = new Int16Array(0)} = await cutPcm(chunk)
	if (pcm.length < MIN_SAMPLES) throw new ApiError("audio_too_short")
	return classifyHere(pcm)
}

/** @type {Resume} */
const resume = (job, chunks) => {
	const unfinished = job && countDone(job) < chunks.length
	const same = unfinished && JSON.stringify(job.chunks) === JSON.stringify(chunks)
	return same ? job : newJob(chunks)
}

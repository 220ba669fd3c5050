/** Sends a recording: in chunks where it can be decoded, otherwise as the file. */

import {ApiError, classify} from "../api.js"
import {countDone, cutChunks, join, newJob, run, toChunk} from "../core/chunks.js"
import {showProgress, showState, showWaiting} from "./answer.js"
import {cutWav, toBase64} from "./sound.js"
import {showWindows} from "./timeline.js"

// The API's limit (docs/contracts.md).
const MAX_UNREAD_BYTES = 4 * 2 ** 20

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
	return classify(data, signal, showWaiting)
}

/** @param {Job} job @param {AbortSignal} signal */
async function sendChunks(job, signal) {
	let silence = new ApiError("silent_audio")
	const update = () => {
		if (signal.aborted) return
		const soFar = join(job)
		showProgress(soFar, countDone(job), job.chunks.length)
		showWindows(soFar?.windows ?? [])
	}
	/** @param {Chunk} chunk @returns {Promise<ChunkAnswer>} */
	const ask = async chunk => {
		const {base64 = ""} = await cutWav(chunk)
		signal.throwIfAborted()
		return classify(base64, signal, showWaiting).catch(error => {
			if (error.code !== "silent_audio") throw error
			silence = error
			return "silent"
		})
	}
	showState("analysing")
	update()
	await run(job, ask, update)
	signal.throwIfAborted()
	return join(job) ?? Promise.reject(silence)
}

/** @type {Resume} */
const resume = (job, chunks) => {
	const unfinished = job && countDone(job) < chunks.length
	const same = unfinished && JSON.stringify(job.chunks) === JSON.stringify(chunks)
	return same ? job : newJob(chunks)
}

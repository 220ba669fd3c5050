/** Cuts a recording into chunks on the 5 s grid, asks for them, joins their answers. */

import {hear, hearOne} from "./birds.js"
import {pool} from "./pooling.js"

export const SAMPLE_RATE = 22_050
export const WINDOW = 5 * SAMPLE_RATE
const CHUNK = 30 * SAMPLE_RATE
// A shorter remainder never becomes a window of its own (docs/contracts.md).
const MIN_REMAINDER = SAMPLE_RATE / 2
const CONCURRENT = 3

/** The first chunk is one window, so that its answer comes at once. */
export function cutChunks(start = 0, end = 0, size = CHUNK) {
	const chunks = []
	for (let to = start + WINDOW; start < end; to = start + size) {
		const stop = end - to < MIN_REMAINDER ? end : to
		chunks.push({start, end: stop})
		start = stop
	}
	return chunks
}

/** @param {Part} part @returns {Chunk} */
export const toChunk = ({start, end}) => ({
	start: Math.round(start * SAMPLE_RATE),
	end: Math.round(end * SAMPLE_RATE)
})

/** @param {Chunk[]} chunks @returns {Job} */
export const newJob = chunks => ({chunks, answers: chunks.map(() => undefined)})

/** @param {Job} job */
export const countDone = job => job.answers.filter(Boolean).length

/** @type {Run} */
export const run = async (job, ask, onProgress) => {
	const open = job.chunks.map((_, i) => i).filter(i => !job.answers[i])
	const work = async () => {
		for (let i = open.shift(); i !== undefined; i = open.shift()) {
			job.answers[i] = await ask(job.chunks[i])
			onProgress()
			if (i === 0) return
		}
	}
	try {
		if (open[0] === 0) await work()
		await Promise.all(Array.from({length: CONCURRENT}, work))
	} finally {
		open.length = 0
	}
}

/** Null where no chunk with a sound is answered. @type {(job: Job) => Answer | null} */
export const join = ({chunks, answers}) => {
	const first = answers.find(answer => typeof answer === "object")
	if (!first?.pooling) return null
	const windows = answers.flatMap((answer, i) => (answer ? windowsOf(answer, chunks[i]) : []))
	const {pooling, model} = first
	const audio_seconds = windows[windows.length - 1].end_seconds
	const {verdict, species} = pool(windows, pooling)
	const heard = pooling.birds ? hear(windows, pooling.birds) : hearOne(windows, verdict, species)
	return {...heard, species, windows, audio_seconds, model, pooling}
}

/** Its windows, with their times in the recording. @type {WindowsOf} */
const windowsOf = (answer, {start, end}) =>
	cutChunks(start, end, WINDOW).map((window, i) => ({
		...(answer === "silent" ? {verdict: "no_bird", bird: 0, species: []} : answer.windows[i]),
		start_seconds: toSeconds(window.start),
		end_seconds: toSeconds(window.end)
	}))

const toSeconds = (samples = 0) => Math.round((samples / SAMPLE_RATE) * 1000) / 1000

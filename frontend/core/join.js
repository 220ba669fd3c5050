/** Joins the answers for the chunks of a recording. */

import {hear, hearOne} from "./birds.js"
import {SAMPLE_RATE, WINDOW, cutChunks} from "./chunks.js"
import {pool} from "./pooling.js"

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

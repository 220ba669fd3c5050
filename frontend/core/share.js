/** A result as the fragment of a link: never the sound, and no server sees it. */

import {hearOne} from "./birds.js"

const MAX_SPECIES = 5
const MAX_WINDOWS = 1_000
const VERDICTS = ["bird", "unknown_bird", "unsure", "no_bird"]
// Otherwise a hostile link unfolds to gigabytes.
const MAX_LETTERS = 20_000

/** @type {Pass} */
const pass = (data, stream) => new Response(new Blob([data]).stream().pipeThrough(stream))

/** @param {Answer} answer */
export async function toFragment({pooling, species, windows, ...rest}) {
	const best = windows.map(window => ({...window, species: window.species.slice(0, 1)}))
	const short = {...rest, species: species.slice(0, MAX_SPECIES), windows: best}
	const packed = pass(JSON.stringify(short), new CompressionStream("deflate-raw"))
	const bytes = new Uint8Array(await packed.arrayBuffer())
	const base64 = btoa(String.fromCharCode(...bytes))
	return base64.replaceAll("+", "-").replaceAll("/", "_")
}

/** Null where it holds no answer: a link comes from anyone. @returns {Promise<Answer | null>} */
export async function fromFragment(fragment = "") {
	try {
		const base64 = fragment.slice(0, MAX_LETTERS).replaceAll("-", "+").replaceAll("_", "/")
		const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
		const answer = await pass(bytes, new DecompressionStream("deflate-raw")).json()
		return isAnswer(answer) ? withBirds(answer) : null
	} catch {
		return null
	}
}

/** Older links have no birds. @param {Answer} answer @returns {Answer} */
const withBirds = answer =>
	answer.birds ? answer : {...answer, ...hearOne(answer.windows, answer.verdict, answer.species)}

/** @param {Answer} answer */
function isAnswer({model, windows, audio_seconds, birds = [], candidates = [], ...pooled}) {
	const whole = {...pooled, start_seconds: 0, end_seconds: audio_seconds}
	const known = typeof model === "string" && windows.length <= MAX_WINDOWS
	const heard = birds.every(isBird) && candidates.every(isNamed)
	return known && heard && [whole, ...windows].every(isWindow)
}

/** @param {AnswerWindow} window */
const isWindow = ({verdict, species, start_seconds, end_seconds}) =>
	VERDICTS.includes(verdict) &&
	isSpan({start_seconds, end_seconds}) &&
	species.length <= MAX_SPECIES &&
	species.length >= (verdict === "no_bird" ? 0 : 1) &&
	species.every(each => isNamed({...each, confidence: each.probability}))

/** @param {Span} span */
const isSpan = ({start_seconds, end_seconds}) => start_seconds >= 0 && end_seconds > start_seconds

/** @param {Bird} bird */
const isBird = ({certain, spans, ...rest}) =>
	typeof certain === "boolean" && spans.every(isSpan) && isNamed(rest)

/** @param {Candidate} candidate */
const isNamed = ({name, scientific_name, confidence: p}) =>
	typeof name === "string" && typeof scientific_name === "string" && p >= 0 && p <= 1

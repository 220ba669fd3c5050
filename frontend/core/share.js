/** A result as the fragment of a link: never the sound, and no server sees it. */

const MAX_SPECIES = 5
const MAX_WINDOWS = 1_000
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
		return isAnswer(answer) ? answer : null
	} catch {
		return null
	}
}

/** @param {Answer} answer */
function isAnswer({model, windows, audio_seconds, ...pooled}) {
	const whole = {...pooled, start_seconds: 0, end_seconds: audio_seconds}
	const known = typeof model === "string" && windows.length <= MAX_WINDOWS
	return known && [whole, ...windows].every(isWindow)
}

/** @param {AnswerWindow} window */
const isWindow = ({verdict, species, start_seconds, end_seconds}) =>
	["bird", "unsure", "no_bird"].includes(verdict) &&
	start_seconds >= 0 &&
	end_seconds > start_seconds &&
	species.length <= MAX_SPECIES &&
	species.length >= (verdict === "no_bird" ? 0 : 1) &&
	species.every(isSpecies)

/** @param {Species} species */
const isSpecies = ({name, scientific_name, probability: p}) =>
	typeof name === "string" && typeof scientific_name === "string" && p >= 0 && p <= 1

/** A result as the fragment of a link: never the sound, and no server sees it. */

const MOST_SPECIES = 5;
const MOST_BLOCKS = 1_000;
// Or a hostile link unfolds to gigabytes.
const MOST_LETTERS = 20_000;

/** @param {string | Uint8Array<ArrayBuffer>} data @param {GenericTransformStream} stream */
const pass = (data, stream) => new Response(new Blob([data]).stream().pipeThrough(stream));

/** @param {Answer} answer */
export async function toFragment({ pooling, species, windows, ...rest }) {
	const blocks = windows.map((block) => ({ ...block, species: block.species.slice(0, 1) }));
	const text = JSON.stringify({ ...rest, species: species.slice(0, MOST_SPECIES), windows: blocks });
	const bytes = new Uint8Array(await pass(text, new CompressionStream("deflate-raw")).arrayBuffer());
	return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}

/** Null where it holds no answer: a link comes from anyone. @returns {Promise<Answer | null>} */
export async function fromFragment(fragment = "") {
	try {
		const letters = atob(fragment.slice(0, MOST_LETTERS).replaceAll("-", "+").replaceAll("_", "/"));
		const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
		const answer = await pass(bytes, new DecompressionStream("deflate-raw")).json();
		const { model, windows, audio_seconds } = answer;
		const whole = { ...answer, start_seconds: 0, end_seconds: audio_seconds };
		return typeof model === "string" && windows.length <= MOST_BLOCKS && [whole, ...windows].every(isBlock) ? answer : null;
	} catch {
		return null;
	}
}

/** @param {Block} block */
const isBlock = ({ verdict, species, start_seconds, end_seconds }) =>
	["bird", "unsure", "no_bird"].includes(verdict) && start_seconds >= 0 && end_seconds > start_seconds
	&& species.length <= MOST_SPECIES && species.length >= (verdict === "no_bird" ? 0 : 1)
	&& species.every(({ name, scientific_name, probability }) =>
		typeof name === "string" && typeof scientific_name === "string" && probability >= 0 && probability <= 1);

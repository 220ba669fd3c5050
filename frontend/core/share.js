/** A result as the fragment of a link: never the sound, and nothing of it reaches a server. */

/** @import { Answer, Block, Species, Verdict } from "../types" */

/** @type {Verdict[]} */
const VERDICTS = ["bird", "unsure", "no_bird"];
const MOST_SPECIES = 5;
const MOST_BLOCKS = 1_000;

/** Names once, then verdicts and species by their places. @param {Answer} answer */
export function toFragment({ verdict, species, windows, model }) {
  const best = species.slice(0, MOST_SPECIES);
  const all = [...best, ...windows.flatMap((block) => block.species.slice(0, 1))];
  const names = [...new Map(all.map((each) => [each.scientific_name, each.name]))];
  const short = (/** @type {Species} */ each) => [names.findIndex(([name]) => name === each.scientific_name), each.probability];
  const blocks = windows.map((block) => [
    block.start_seconds, block.end_seconds, VERDICTS.indexOf(block.verdict), block.species.slice(0, 1).map(short),
  ]);
  const text = JSON.stringify([model, names, VERDICTS.indexOf(verdict), best.map(short), blocks]);
  return btoa(String.fromCharCode(...new TextEncoder().encode(text))).replaceAll("+", "-").replaceAll("/", "_");
}

/** The answer in a fragment; null where it holds none. A link comes from anyone. @param {string} fragment @returns {Answer | null} */
export function fromFragment(fragment) {
  try {
    const bytes = Uint8Array.from(atob(fragment.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
    return read(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

/** Raises an error where a value is none that `toFragment` writes. @param {any[]} data @returns {Answer} */
function read([model, names, verdict, best, blocks]) {
  const long = (/** @type {any} */ [at, probability]) => {
    const [scientific_name, name] = names[at].map((/** @type {string} */ each) => each.slice(0, 80));
    demand(probability >= 0 && probability <= 1);
    return { name, scientific_name, probability };
  };
  const judged = (/** @type {number} */ at, /** @type {any[]} */ species) => {
    demand(at in VERDICTS);
    return { verdict: VERDICTS[at], species: species.slice(0, MOST_SPECIES).map(long) };
  };
  /** @type {Block[]} */
  const windows = blocks.slice(0, MOST_BLOCKS).map((/** @type {any} */ [start_seconds, end_seconds, at, species]) => {
    demand(start_seconds >= 0 && end_seconds > start_seconds);
    return { start_seconds, end_seconds, ...judged(at, species) };
  });
  const pooling = { rule: "", exponent: 1, species_per_window: 0, calibration: [], bird_threshold: 0 };
  return { ...judged(verdict, best), windows, audio_seconds: windows[windows.length - 1].end_seconds, model: model.slice(0, 80), pooling };
}

/** @param {boolean} holds */
function demand(holds) {
  if (!holds) throw new TypeError("no result");
}

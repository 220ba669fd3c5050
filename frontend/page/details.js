/** Below the answer: other candidates, all species with their times, tips, and what can be taken away. */

import { element, make } from "./elements.js";
import { play, select } from "./player.js";
import { clock, nameOf, percent, text } from "./texts.js";
import { letterOf, toneOf } from "./timeline.js";

/** @import { Answer, Block, Species } from "../types" */
/** @typedef {{species: Species, stretches: {start: number, end: number}[]}} Found */

const MOST_CANDIDATES = 4;
const LEAST_PROBABILITY = 0.01;

/** @param {Answer} answer @param {boolean} playable */
export function showDetails(answer, playable) {
  const others = answer.species.slice(1, 1 + MOST_CANDIDATES).filter(({ probability }) => probability >= LEAST_PROBABILITY);
  element("candidates").replaceChildren(...others.map(candidate));
  element("other").hidden = !others.length || answer.verdict === "no_bird";
  const found = findAll(answer.windows);
  element("found").replaceChildren(...found.map((each) => foundLine(each, playable)));
  element("heard").hidden = !found.length;
  element("tips").hidden = answer.verdict === "bird";
  const reference = element("reference", HTMLAnchorElement);
  reference.hidden = answer.verdict === "no_bird";
  reference.href = `https://xeno-canto.org/species/${encodeURIComponent(answer.species[0]?.scientific_name.replaceAll(" ", "-") ?? "")}`;
}

/** @param {Species} species */
function candidate(species) {
  const line = make("li");
  const bar = make("span", "", "bar");
  bar.style.width = `${100 * species.probability}%`;
  const track = make("span", "", "track");
  track.append(bar);
  line.append(fullName(species), track, make("span", percent(species.probability), "percent"));
  return line;
}

/** The reader's name and the scientific one. @param {Species} species */
function fullName(species) {
  const name = make("span", `${nameOf(species)} `, "name");
  const latin = make("i", species.scientific_name);
  latin.lang = "la";
  name.append(latin);
  return name;
}

/** Each species that was heard, with its stretches: neighbouring blocks are one. @param {Block[]} windows @returns {Found[]} */
function findAll(windows) {
  /** @type {Map<string, Found>} */
  const found = new Map();
  for (const { verdict, species: [best], start_seconds: start, end_seconds: end } of windows) {
    if (verdict !== "bird" || !best) continue;
    const { species, stretches } = found.get(best.scientific_name) ?? { species: best, stretches: [] };
    const last = stretches.at(-1);
    if (last?.end === start) last.end = end;
    else stretches.push({ start, end });
    found.set(best.scientific_name, { species: best.probability > species.probability ? best : species, stretches });
  }
  return [...found.values()];
}

/** @param {Found} found @param {boolean} playable */
function foundLine({ species, stretches }, playable) {
  const line = make("li");
  line.append(make("span", letterOf(species.scientific_name), `letter ${toneOf(species.scientific_name)}`), fullName(species));
  const times = make("span", "", "times");
  times.append(...stretches.map((stretch) => timeButton(stretch, species, playable)));
  line.append(times);
  return line;
}

/** @param {{start: number, end: number}} stretch @param {Species} species @param {boolean} playable */
function timeButton(stretch, species, playable) {
  const words = `${clock(stretch.start)}–${clock(stretch.end)}`;
  if (!playable) return make("span", words, "chip");
  const button = make("button", `▶ ${words}`, "tool");
  button.type = "button";
  button.setAttribute("aria-label", text("play.stretch", { name: nameOf(species), time: words }));
  button.addEventListener("click", () => {
    select(stretch);
    play(stretch);
  });
  return button;
}

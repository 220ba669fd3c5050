/** Blocks of 5 s under the spectrogram: who sings when. A click or the arrow keys play just that block. */

import { element, make } from "./elements.js";
import { play, select } from "./player.js";
import { nameOf, percent, text, clock } from "./texts.js";
import { place, reveal } from "./view.js";

/** @import { Block } from "../types" */

/** @type {Map<number, {button: HTMLButtonElement, block: Block}>} by start */
const blocks = new Map();
/** The species in the order in which they were heard; their letters stand in the blocks. @type {string[]} */
let heard = [];

/** Wires the keys, once. */
export function startTimeline() {
  element("timeline").addEventListener("keydown", (event) => {
    const all = [...element("timeline").children];
    const at = all.indexOf(/** @type {Element} */ (event.target));
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    const next = to === undefined ? null : all[to];
    if (!(next instanceof HTMLButtonElement)) return;
    event.preventDefault();
    next.focus();
    next.click();
  });
}

/** Shows the blocks that are known by now. @param {Block[]} windows */
export function showBlocks(windows) {
  if (!windows.length) forgetBlocks();
  for (const block of windows) {
    const known = blocks.get(block.start_seconds);
    const button = known?.button ?? addButton(block);
    blocks.set(block.start_seconds, { button, block });
    dress(button, block);
  }
}

/** The letter of a species: A for the first that was heard. @param {string} scientificName */
export function letterOf(scientificName) {
  if (!heard.includes(scientificName)) heard.push(scientificName);
  return String.fromCodePoint(65 + (heard.indexOf(scientificName) % 26));
}

/** Its colour, of six. @param {string} scientificName */
export const toneOf = (scientificName) => `tone-${(letterOf(scientificName).charCodeAt(0) - 65) % 6}`;

function forgetBlocks() {
  blocks.clear();
  heard = [];
  element("timeline").replaceChildren();
}

/** @param {Block} block */
function addButton({ start_seconds: start, end_seconds: end }) {
  const button = make("button");
  button.type = "button";
  button.tabIndex = blocks.size ? -1 : 0;
  button.style.left = place(start);
  button.style.width = place(end - start);
  button.addEventListener("click", () => choose(button, { start, end }));
  const later = [...blocks.keys()].filter((other) => other > start);
  element("timeline").insertBefore(button, blocks.get(Math.min(...later))?.button ?? null);
  return button;
}

/** @param {HTMLButtonElement} button @param {{start: number, end: number}} stretch */
function choose(button, stretch) {
  for (const other of element("timeline").children) if (other instanceof HTMLElement) other.tabIndex = -1;
  button.tabIndex = 0;
  select(stretch);
  reveal(stretch.start);
  play(stretch);
}

/** @param {HTMLButtonElement} button @param {Block} block */
function dress(button, { start_seconds, end_seconds, verdict, species: [best] }) {
  const bird = verdict === "bird" && best;
  button.textContent = bird ? letterOf(best.scientific_name) : "";
  button.className = bird ? toneOf(best.scientific_name) : verdict;
  const what = verdict === "no_bird" || !best ? text("no-bird.name") : `${nameOf(best)}, ${percent(best.probability)}`;
  const label = `${clock(start_seconds)}–${clock(end_seconds)}: ${verdict === "unsure" ? `${text("unsure.block")} ` : ""}${what}`;
  button.setAttribute("aria-label", label);
  button.title = label;
}

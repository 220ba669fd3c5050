/** Blocks of 5 s under the spectrogram: who sings when. */

import { $, make } from "./elements.js";
import { play, select } from "./player.js";
import { clock, nameOf, percent, text } from "./texts.js";
import { place, reveal } from "./view.js";

const TONES = 6;

/** By start. @type {Map<number, HTMLButtonElement>} */
const buttons = new Map();
/** Species in the order of their letters. @type {string[]} */
let heard = [];

export function startTimeline() {
	$("timeline").onkeydown = (event) => {
		const all = [...$("timeline").children];
		const at = all.findIndex((each) => each === event.target);
		const next = all[{ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key] ?? -1];
		if (!(next instanceof HTMLElement)) return;
		event.preventDefault();
		next.focus();
		next.click();
	};
}

/** @param {Block[]} windows */
export function showBlocks(windows) {
	if (!windows.length) {
		buttons.clear();
		heard = [];
		$("timeline").replaceChildren();
	}
	for (const block of windows) dress(buttons.get(block.start_seconds) ?? addButton(block), block);
}

export function markOf(scientificName = "") {
	if (!heard.includes(scientificName)) heard.push(scientificName);
	const at = heard.indexOf(scientificName);
	return { textContent: String.fromCharCode(65 + (at % 26)), className: `tone-${at % TONES}` };
}

/** @param {Block} block */
function addButton({ start_seconds: start, end_seconds: end }) {
	const button = make("button");
	button.tabIndex = buttons.size ? -1 : 0;
	Object.assign(button.style, { left: place(start), width: place(end - start) });
	button.onclick = () => {
		for (const other of buttons.values()) other.tabIndex = other === button ? 0 : -1;
		select({ start, end });
		reveal(start);
		play({ start, end });
	};
	const later = Math.min(...[...buttons.keys()].filter((other) => other > start));
	$("timeline").insertBefore(button, buttons.get(later) ?? null);
	buttons.set(start, button);
	return button;
}

/** @param {HTMLButtonElement} button @param {Block} block */
function dress(button, { start_seconds, end_seconds, verdict, species: [best] }) {
	const mark = verdict === "bird" ? markOf(best.scientific_name) : { textContent: "", className: verdict };
	const what = verdict === "no_bird" ? text("no-bird.name") : `${nameOf(best)}, ${percent(best.probability)}`;
	const title = `${clock(start_seconds)}–${clock(end_seconds)}: ${verdict === "unsure" ? text("unsure.block", { what }) : what}`;
	if (button.title === title) return;
	Object.assign(button, mark, { title, ariaLabel: title });
	button.dataset.name = verdict === "no_bird" ? "" : nameOf(best);
}

/** Who was heard when, other candidates, tips. */

import { $, make, show } from "./elements.js";
import { play, select } from "./player.js";
import { clock, nameOf, percent } from "./texts.js";
import { markOf } from "./timeline.js";

const MOST_CANDIDATES = 4;
const LEAST_PROBABILITY = 0.01;

/** @param {Answer} answer @param {boolean} playable */
export function showDetails({ verdict, species, windows }, playable) {
	const others = species.slice(1, 1 + MOST_CANDIDATES).filter(({ probability }) => probability >= LEAST_PROBABILITY);
	const found = findAll(windows);
	$("candidates").replaceChildren(...others.map(candidate));
	$("found").replaceChildren(...found.map(([best, parts]) => foundLine(best, parts, playable)));
	show("other", Boolean(others.length) && verdict !== "no_bird");
	show("heard", Boolean(found.length));
	show("tips", verdict !== "bird");
	const page = encodeURIComponent(species[0]?.scientific_name.replaceAll(" ", "-") ?? "");
	$("reference", HTMLAnchorElement).href = `https://xeno-canto.org/species/${page}`;
}

/** @param {Species} species */
function candidate(species) {
	const bar = Object.assign(make("progress"), { value: species.probability, ariaHidden: "true" });
	return line(fullName(species), bar, make("span", percent(species.probability)));
}

/** @param {Species} species */
function fullName(species) {
	const latin = make("i", species.scientific_name);
	latin.lang = "la";
	const name = make("span", `${nameOf(species)} `, "name");
	name.append(latin);
	return name;
}

/** @param {HTMLElement[]} parts */
function line(...parts) {
	const made = make("li");
	made.append(...parts);
	return made;
}

/** Each species that was heard, with its parts: neighbouring blocks are one. @param {Block[]} windows */
function findAll(windows) {
	/** @type {Map<string, [Species, Stretch[]]>} */
	const found = new Map();
	for (const { verdict, species: [best], start_seconds: start, end_seconds: end } of windows) {
		if (verdict !== "bird") continue;
		const [, parts] = found.get(best.scientific_name) ?? [best, []];
		const last = parts.at(-1);
		if (last?.end === start) last.end = end;
		else parts.push({ start, end });
		found.set(best.scientific_name, [best, parts]);
	}
	return [...found.values()];
}

/** @param {Species} species @param {Stretch[]} parts @param {boolean} playable */
function foundLine(species, parts, playable) {
	const { textContent, className } = markOf(species.scientific_name);
	const times = make("span", "", "times");
	times.append(...parts.map((part) => {
		const time = `${clock(part.start)}–${clock(part.end)}`;
		if (!playable) return make("span", time, "chip");
		const button = make("button", `▶ ${time}`, "tool");
		button.onclick = () => {
			select(part);
			play(part);
		};
		return button;
	}));
	return line(make("span", textContent, `letter ${className}`), fullName(species), times);
}

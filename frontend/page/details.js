/** Which species sang when, other candidates, tips. */

import {$, make, show} from "./dom.js"
import {clock, nameOf, percent} from "./i18n.js"
import {play} from "./player.js"
import {markOf} from "./timeline.js"

const MAX_CANDIDATES = 4
const MIN_PROBABILITY = 0.01

/** @param {Answer} answer @param {boolean} playable */
export function showDetails({verdict, species, windows}, playable) {
	const others = species
		.slice(1, 1 + MAX_CANDIDATES)
		.filter(({probability}) => probability >= MIN_PROBABILITY)
	const found = findAll(windows)
	$("candidates").replaceChildren(...others.map(candidate))
	$("found").replaceChildren(...found.map(([best, parts]) => foundLine(best, parts, playable)))
	show("other", Boolean(others.length) && verdict !== "no_bird")
	show("heard", Boolean(found.length))
	show("tips", verdict !== "bird")
	const page = encodeURIComponent(species[0]?.scientific_name.replaceAll(" ", "-") ?? "")
	$("reference", HTMLAnchorElement).href = `https://xeno-canto.org/species/${page}`
}

/** @param {Species} species */
function candidate(species) {
	const bar = Object.assign(make("progress"), {value: species.probability, ariaHidden: "true"})
	return make("li", [fullName(species), bar, make("span", percent(species.probability))])
}

/** @param {Species} species */
function fullName(species) {
	const latin = make("i", species.scientific_name)
	latin.lang = "la"
	return make("span", [`${nameOf(species)} `, latin], "name")
}

/** @type {FindAll} */
const findAll = windows => {
	/** @type {Map<string, [Species, Part[]]>} */
	const found = new Map()
	for (const {verdict, species, start_seconds: start, end_seconds: end} of windows) {
		const [best] = species
		if (verdict !== "bird") continue
		const [, parts] = found.get(best.scientific_name) ?? [best, []]
		const last = parts.at(-1)
		if (last?.end === start) last.end = end
		else parts.push({start, end})
		found.set(best.scientific_name, [best, parts])
	}
	return [...found.values()]
}

/** @param {Species} species @param {Part[]} parts @param {boolean} playable */
function foundLine(species, parts, playable) {
	const {textContent, className} = markOf(species.scientific_name)
	const letter = make("span", textContent, `letter ${className}`)
	const times = parts.map(part => {
		const time = `${clock(part.start)}–${clock(part.end)}`
		if (!playable) return make("span", time, "chip")
		const button = make("button", `▶ ${time}`, "tool")
		button.onclick = () => play(part)
		return button
	})
	return make("li", [letter, fullName(species), make("span", times, "times")])
}

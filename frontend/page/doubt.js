/** A part that was tapped: its candidates with bars, and what it is by itself. */

import {cutChunks, newJob, toChunk} from "../core/chunks.js"
import {$, make, onClick, show, write} from "./dom.js"
import {clock, nameOf, percent, text} from "./i18n.js"
import {askChunks} from "./identify.js"
import {setLoop, setSlow} from "./player.js"

const SHOWN = 5
const LEAST = 0.01
let work = new AbortController()
/** @type {Part | null} */
let shown = null

export function startDoubt() {
	for (const [id, act] of /** @type {const} */ ([
		["loop", setLoop],
		["slow", setSlow]
	])) {
		onClick(id, () => {
			const on = $(id).getAttribute("aria-pressed") !== "true"
			$(id).setAttribute("aria-pressed", String(on))
			act(on)
		})
	}
}

/** @param {Part | null} part @param {Answer | null} answer */
export function showDoubt(part, answer) {
	const same = part && shown?.start === part.start && shown.end === part.end
	if (!same) forget()
	shown = part
	const species = part && answer ? candidatesOf(part, answer) : []
	$("doubt-list").replaceChildren(...species.map(bar))
	write("doubt-title", part ? text("doubt", {from: clock(part.start), to: clock(part.end)}) : "")
	show("doubt", species.length > 0)
}

function forget() {
	work.abort()
	write("doubt-answer")
}

/** The best of the windows that the part touches. @param {Part} part @param {Answer} answer */
function candidatesOf({start, end}, {windows}) {
	/** @type {Map<string, Species>} */
	const best = new Map()
	for (const {start_seconds, end_seconds, species} of windows) {
		if (start_seconds >= end || end_seconds <= start) continue
		for (const each of species) {
			const known = best.get(each.scientific_name)?.probability ?? LEAST
			if (each.probability >= known) best.set(each.scientific_name, each)
		}
	}
	return [...best.values()].sort((a, b) => b.probability - a.probability).slice(0, SHOWN)
}

/** @param {Species} species */
function bar(species) {
	const meter = make("meter")
	meter.value = species.probability
	meter.ariaHidden = "true"
	const words = make("span", percent(species.probability), "sure ltr")
	return make("li", [make("span", nameOf(species), "name"), meter, words])
}

/** Name the part alone. @param {Part} part */
export async function nameAlone(part) {
	forget()
	const {signal} = (work = new AbortController())
	const {start, end} = toChunk(part)
	write("doubt-answer", text("doubt.asking"))
	try {
		const found = await askChunks(newJob(cutChunks(start, end)), signal, () => {})
		const heard = [...found.birds, ...found.candidates].slice(0, SHOWN)
		const names = heard.map(bird => `${nameOf(bird)} ${percent(bird.confidence)}`).join(", ")
		write("doubt-answer", text("doubt.alone", {names: names || text(`history.${found.verdict}`)}))
	} catch {
		if (!signal.aborted) write("doubt-answer", text("doubt.failed"))
	}
}

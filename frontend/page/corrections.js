/** Yes / No, it is ... on a row: what the reader says is kept, with the sound of it. */

import {loadKnown, listKnown} from "./known.js"
import {$, make, write} from "./dom.js"
import {entryOf, keepCorrection} from "./history.js"
import {nameOf, text} from "./i18n.js"
import {ANOTHER, NONE, isSpecies} from "../core/said.js"
import {cutWav} from "./sound.js"
import {toChunk} from "../core/chunks.js"

const LEAST = 0.1
/** @type {Correction[]} */
let corrections = []
/** @type {(said: Named) => void} */
let say = () => {}

/** Add both buttons, or what was said, to each row. @param {File} file @param {Answer} answer */
export async function showCorrections(file, answer) {
	const entry = await entryOf(file)
	corrections = entry?.corrections ?? []
	if (!entry) return
	const all = [...answer.birds, ...answer.candidates]
	for (const item of document.querySelectorAll("#birds > li, #candidates > li")) {
		const species = item.getAttribute("data-species")
		const bird = all.find(each => each.scientific_name === species)
		if (bird) mark(item, file, {...bird, spans: spansOf(bird, answer)})
	}
}

/** A candidate has none of its own: where it may be. @param {Bird | Candidate} bird */
function spansOf(bird, /** @type {Answer} */ {windows}) {
	if ("spans" in bird) return bird.spans
	const sounding = windows.filter(({verdict}) => verdict !== "no_bird")
	const {scientific_name: name} = bird
	const own = sounding.filter(({species}) =>
		species.some(each => each.scientific_name === name && each.probability >= LEAST)
	)
	return own.length ? own : sounding
}

/** What the reader said of a species. */
const verifiedAs = (species = "") => corrections.find(each => each.species === species)?.said

/** Write it to each bird: the exports have it. @param {Answer} answer @returns {Answer} */
export const verify = answer => ({
	...answer,
	birds: answer.birds.map(bird => {
		const said = verifiedAs(bird.scientific_name)
		return said ? {...bird, verified: said.scientific_name} : bird
	})
})

/** @param {Element} item @param {File} file @param {Named & {spans: Span[]}} bird */
function mark(item, file, bird) {
	item.querySelector(".verify")?.remove()
	const said = verifiedAs(bird.scientific_name)
	const yes = make("button", text("verify.yes"), "tool")
	yes.ariaLabel = text("verify.yes.label", {name: nameOf(bird)})
	const no = make("button", text("verify.no"), "tool")
	no.ariaLabel = text("verify.no.label", {name: nameOf(bird)})
	const keep = async (/** @type {Named} */ named) => {
		const correction = {...(await cut(bird)), said: named}
		await keepCorrection(file, correction)
		const others = corrections.filter(each => each.species !== correction.species)
		corrections = [...others, correction]
		mark(item, file, bird)
		item.querySelector("button")?.focus()
	}
	yes.onclick = () => keep({name: bird.name, scientific_name: bird.scientific_name})
	no.onclick = () => ask(keep)
	const words = make("strong", said ? describe(bird, said) : "")
	words.role = "status"
	item.append(make("span", [yes, no, words], "verify row"))
	item.toggleAttribute("data-verified", Boolean(said))
}

/** @param {Named} bird @param {Named} said */
const describe = (bird, said) =>
	bird.scientific_name === said.scientific_name
		? text("verified.yes")
		: text("verified.as", {name: nameOfSaid(said)})

/** @param {Named} said */
const nameOfSaid = said =>
	isSpecies(said.scientific_name) ? nameOf(said) : text(`verify.${said.scientific_name}`)

/** The sound of the spans: it teaches the next model. @param {Named & {spans: Span[]}} bird */
async function cut({scientific_name: species, spans}) {
	const clips = []
	for (const {start_seconds: start, end_seconds: end} of spans) {
		const {file} = await cutWav(toChunk({start, end}))
		if (file) clips.push({start, end, sound: file})
	}
	return {species, clips, date: new Date().toISOString()}
}

/** @param {(said: Named) => void} answer */
async function ask(answer) {
	say = answer
	await loadKnown()
	const search = $("verify-search", HTMLInputElement)
	search.value = ""
	search.oninput = listChoices
	listChoices()
	$("verify", HTMLDialogElement).showModal()
	search.focus()
}

function listChoices() {
	const words = $("verify-search", HTMLInputElement).value.toLowerCase()
	const fits = (/** @type {Named} */ each) =>
		`${nameOf(each)} ${each.scientific_name}`.toLowerCase().includes(words)
	const species = listKnown()
		.filter(fits)
		.sort((a, b) => nameOf(a).localeCompare(nameOf(b)))
	const choices = [...species, ANOTHER, NONE].map(each => {
		const button = make("button", nameOfSaid(each), "tool")
		button.dataset.species = each.scientific_name
		button.onclick = () => {
			$("verify", HTMLDialogElement).close()
			say(each)
		}
		return make("li", [button])
	})
	write("verify-none", species.length ? "" : text("verify.none"))
	$("verify-list").replaceChildren(...choices)
}

/** A row for each bird, the rows of "Perhaps", and what helps towards a better answer. */

import {$, make, onClick, show, write} from "./dom.js"
import {clock, nameOf, percent, text} from "./i18n.js"
import {play} from "./player.js"
import {marks} from "./season.js"
import {showLanes, showPerhapsLanes, startTimeline, toneOf} from "./timeline.js"

export {loadSeasons} from "./season.js"

const SHARE_ICON = "↗"
let perhaps = false
/** @type {Answer | null} */
let shown = null
/** @type {RowActs} */
let acts = {playable: false, share: () => {}}

export function startRows() {
	startTimeline()
	onClick("perhaps", () => unfold(!perhaps))
}

/** @type {ShowRows} */
export const showRows = (answer, given) => {
	;[shown, acts] = [answer, given]
	const {birds = [], candidates = [], species = [], verdict, model = ""} = answer ?? {}
	showLanes(birds)
	$("birds").replaceChildren(...birds.map(row))
	$("candidates").replaceChildren(...candidates.map(candidate))
	const count = birds.filter(bird => !bird.certain).length + candidates.length
	write("perhaps", text("perhaps", {count}))
	show("perhaps", count > 0)
	show("tips", verdict !== "bird")
	write("answered-by", text(`by.${answer?.answered_by ?? "service"}`, {model}))
	unfold(perhaps)
	const {scientific_name = ""} = birds[0] ?? candidates[0] ?? species[0] ?? {}
	const page = encodeURIComponent(scientific_name.replaceAll(" ", "-"))
	$("reference", HTMLAnchorElement).href = `https://xeno-canto.org/species/${page}`
}

/** A new recording is folded again. */
export function clearRows() {
	perhaps = false
	showRows(null, acts)
}

/** Show or hide the rows of which the answer is not certain. */
function unfold(open = false) {
	perhaps = open
	$("perhaps").ariaExpanded = String(open)
	for (const item of $("birds").children) {
		item.toggleAttribute("hidden", !open && item.getAttribute("data-certain") === "false")
	}
	show("candidates", open && Boolean(shown?.candidates.length))
	showPerhapsLanes(open)
}

/** @param {Bird} bird */
function row(bird) {
	const {scientific_name: species, confidence, certain, spans} = bird
	const times = spans.map(({start_seconds: start, end_seconds: end}) => {
		const words = `${clock(start)}–${clock(end)}`
		if (!acts.playable) return make("span", words, "chip ltr")
		const button = make("button", `▶ ${words}`, "tool ltr")
		button.ariaLabel = `${text("play.bird", {name: nameOf(bird)})}, ${words}`
		button.onclick = () => play({start, end})
		return button
	})
	const share = make("button", SHARE_ICON, "tool share")
	share.ariaLabel = share.title = text("share.bird", {name: nameOf(bird)})
	share.onclick = () => acts.share(bird)
	const sure = make("span", percent(confidence), "sure ltr")
	const unusual = marks(bird, acts.heard)
	const item = make("li", [fullName(bird), sure, ...unusual, make("span", times, "times"), share])
	item.className = toneOf(species)
	Object.assign(item.dataset, {species, confidence, certain})
	return item
}

/** @param {Candidate} bird */
function candidate(bird) {
	const {scientific_name: species, confidence} = bird
	const sure = make("span", percent(confidence), "sure ltr")
	const item = make("li", [fullName(bird), sure, ...marks(bird, acts.heard)])
	Object.assign(item.dataset, {species, confidence})
	return item
}

/** @param {Named} species */
function fullName(species) {
	const latin = make("i", species.scientific_name)
	latin.lang = "la"
	return make("span", [`${nameOf(species)} `, latin], "name")
}

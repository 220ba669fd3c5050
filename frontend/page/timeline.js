/** The windows under the spectrogram: which species sings when. */

import {$, make} from "./dom.js"
import {clock, nameOf, percent, text} from "./i18n.js"
import {play} from "./player.js"
import {reveal, stripPercent} from "./view.js"

const TONES = 6

/** By the start of their window. @type {Map<number, HTMLButtonElement>} */
const buttons = new Map()
/** The species of the letters A, B ... @type {string[]} */
let heard = []

export function startTimeline() {
	$("timeline").onkeydown = event => {
		const all = [...$("timeline").children]
		const at = all.findIndex(each => each === event.target)
		const end = all.length - 1
		const next = all[{ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: end}[event.key] ?? -1]
		if (!(next instanceof HTMLElement)) return
		event.preventDefault()
		next.focus()
		next.click()
	}
}

/** @param {AnswerWindow[]} windows */
export function showWindows(windows) {
	if (!windows.length) {
		buttons.clear()
		heard = []
		$("timeline").replaceChildren()
	}
	for (const window of windows) {
		label(buttons.get(window.start_seconds) ?? addButton(window), window)
	}
}

export function markOf(scientificName = "") {
	if (!heard.includes(scientificName)) heard.push(scientificName)
	const at = heard.indexOf(scientificName)
	return {textContent: String.fromCharCode(65 + (at % 26)), className: `tone-${at % TONES}`}
}

/** @param {AnswerWindow} window */
function addButton({start_seconds: start, end_seconds: end}) {
	const button = make("button")
	button.tabIndex = buttons.size ? -1 : 0
	Object.assign(button.style, {left: stripPercent(start), width: stripPercent(end - start)})
	button.onclick = () => {
		for (const other of buttons.values()) other.tabIndex = other === button ? 0 : -1
		reveal(start)
		play({start, end})
	}
	const later = Math.min(...[...buttons.keys()].filter(other => other > start))
	$("timeline").insertBefore(button, buttons.get(later) ?? null)
	buttons.set(start, button)
	return button
}

/** @param {HTMLButtonElement} button @param {AnswerWindow} window */
function label(button, {start_seconds, end_seconds, verdict, species: [best]}) {
	const bird = verdict === "bird"
	const mark = bird ? markOf(best.scientific_name) : {textContent: "", className: verdict}
	const name = verdict === "no_bird" ? "" : nameOf(best)
	const what = name ? `${name}, ${percent(best.probability)}` : text("no-bird.name")
	const words = verdict === "unsure" ? text("unsure.window", {what}) : what
	const title = `${clock(start_seconds)}–${clock(end_seconds)}: ${words}`
	if (button.title === title) return
	Object.assign(button, mark, {title, ariaLabel: title})
	button.dataset.name = name
}

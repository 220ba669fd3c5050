/** The lanes under the spectrogram: one a bird, with the spans in which it sings. */

import {$, make} from "./dom.js"
import {clock, nameOf, percent} from "./i18n.js"
import {play} from "./player.js"
import {reveal, stripPercent} from "./view.js"

const TONES = 6

/** In the order in which they were heard: each keeps its colour. @type {string[]} */
let heard = []
let drawn = ""
let perhaps = false

export function startTimeline() {
	$("timeline").onkeydown = event => {
		const all = spans()
		const at = all.findIndex(each => each === event.target)
		const end = all.length - 1
		const next = all[{ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: end}[event.key] ?? -1]
		if (!next) return
		event.preventDefault()
		next.focus()
		next.click()
	}
	const player = $("player", HTMLAudioElement)
	for (const name of ["playing", "timeupdate", "seeked", "pause", "ended"]) {
		player.addEventListener(name, () => light(player.paused ? -1 : player.currentTime))
	}
}

/** @returns {HTMLButtonElement[]} those that are seen */
const spans = () => [...$("timeline").querySelectorAll("button")].filter(each => each.offsetParent)

/** @param {Bird[]} birds */
export function showLanes(birds) {
	const wanted = JSON.stringify(birds.map(bird => [nameOf(bird), bird]))
	if (wanted === drawn) return
	drawn = wanted
	if (!birds.length) heard = []
	const focused = document.activeElement?.getAttribute("title")
	$("timeline").replaceChildren(...birds.map(lane))
	$("map-lanes").replaceChildren(...birds.map(lane).map(asPicture))
	for (const each of spans()) if (each.title === focused) each.focus()
	showPerhapsLanes(perhaps)
}

/** Those of which the answer is not certain. */
export function showPerhapsLanes(open = false) {
	perhaps = open
	for (const each of document.querySelectorAll('.lane[data-certain="false"]')) {
		each.toggleAttribute("hidden", !open)
	}
	rove(spans()[0])
}

export function toneOf(scientificName = "") {
	if (!heard.includes(scientificName)) heard.push(scientificName)
	return `tone-${heard.indexOf(scientificName) % TONES}`
}

/** @param {Bird} bird */
function lane(bird) {
	const {scientific_name: species, certain, confidence, spans} = bird
	const buttons = spans.map(({start_seconds: start, end_seconds: end}) => {
		const button = make("button", nameOf(bird))
		const times = `${clock(start)}–${clock(end)}`
		button.title = `${times}: ${nameOf(bird)}, ${percent(confidence)}`
		button.ariaLabel = button.title
		Object.assign(button.style, {left: stripPercent(start), width: stripPercent(end - start)})
		Object.assign(button.dataset, {start, end})
		button.onclick = () => {
			rove(button)
			reveal(start)
			play({start, end})
		}
		return button
	})
	const element = make("div", buttons, `lane ${toneOf(species)}`)
	Object.assign(element.dataset, {species, certain})
	return element
}

/** The same lane without buttons, for the map. @param {HTMLElement} element */
function asPicture(element) {
	for (const button of element.querySelectorAll("button")) {
		const {left, width} = button.style
		const bar = make("i")
		Object.assign(bar.style, {left, width})
		button.replaceWith(bar)
	}
	return element
}

/** One of them takes Tab; the arrow keys reach the others. @param {HTMLElement} [chosen] */
function rove(chosen) {
	for (const each of $("timeline").querySelectorAll("button")) {
		each.tabIndex = each === chosen ? 0 : -1
	}
}

/** Mark the spans and rows that sound at this time. */
function light(seconds = 0) {
	/** @type {Set<string | undefined>} */
	const singing = new Set()
	for (const button of $("timeline").querySelectorAll("button")) {
		const {start, end} = button.dataset
		const sounds = seconds >= Number(start) && seconds < Number(end)
		setCurrent(button, sounds)
		if (sounds) singing.add(button.parentElement?.dataset.species)
	}
	for (const each of document.querySelectorAll("#birds > li, .lane")) {
		setCurrent(each, singing.has(each.getAttribute("data-species") ?? ""))
	}
}

/** @param {Element} element @param {boolean} current */
const setCurrent = (element, current) =>
	current ? element.setAttribute("aria-current", "true") : element.removeAttribute("aria-current")

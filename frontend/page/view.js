/** The visible part of the sound; the Worker draws it. */

import {SAMPLE_RATE, WINDOW} from "../core/chunks.js"
import {$, make, onClick} from "./dom.js"
import {clock} from "./i18n.js"
import {draw, giveCanvas} from "./sound.js"

// A window stays wide enough for a finger.
const MIN_SCALE = (28 * SAMPLE_RATE) / WINDOW
const MAX_SCALE = 400
const TICK_STEPS = [0.5, 1, 2, 5, 10, 30, 60, 300]
const TICK_PIXELS = 64

let length = 0
let zoom = 1
let colour = false
/** @type {HTMLElement} */
let box
/** @type {HTMLElement} */
let canvas

// In pixels a second.
const fit = () => Math.max(MIN_SCALE, box.clientWidth / length)
const scale = () => fit() * zoom

export function startView() {
	box = $("scroller")
	canvas = $("spectrogram")
	giveCanvas($("spectrogram", HTMLCanvasElement))
	onClick("zoom-in", () => zoomTo(zoom * 2))
	onClick("zoom-out", () => zoomTo(zoom / 2))
	onClick("palette", () => {
		colour = !colour
		$("palette").setAttribute("aria-pressed", String(colour))
		redraw()
	})
	box.onscroll = redraw
	new ResizeObserver(layOut).observe(box)
}

export function showSound(seconds = 0) {
	length = seconds
	zoom = 1
	box.scrollLeft = 0
	layOut()
}

/** A time or a length as CSS. */
export const stripPercent = (seconds = 0) => `${(100 * seconds) / length}%`

/** @param {PointerEvent} event */
export function timeAt(event) {
	const strip = $("strip").getBoundingClientRect()
	return Math.max(0, Math.min(length, ((event.clientX - strip.left) / strip.width) * length))
}

/** Scroll until a time is visible. */
export function reveal(seconds = 0) {
	const x = seconds * scale()
	const hidden = x < box.scrollLeft || x > box.scrollLeft + box.clientWidth
	if (hidden) box.scrollLeft = x - box.clientWidth * 0.1
}

function zoomTo(wanted = 0) {
	const middle = (box.scrollLeft + box.clientWidth / 2) / scale()
	zoom = Math.max(1, Math.min(MAX_SCALE / fit(), wanted))
	layOut()
	box.scrollLeft = middle * scale() - box.clientWidth / 2
}

function layOut() {
	if (!length || !box.clientWidth) return
	$("strip").style.width = `${length * scale()}px`
	canvas.style.width = `${Math.min(box.clientWidth, length * scale())}px`
	const step = TICK_STEPS.find(each => each * scale() >= TICK_PIXELS) ?? 600
	const ticks = Array.from({length: Math.ceil(length / step)}, (_, i) => tick(i * step))
	$("times").replaceChildren(...ticks)
	redraw()
}

function tick(seconds = 0) {
	const mark = make("span", clock(seconds))
	mark.style.left = stripPercent(seconds)
	return mark
}

function redraw() {
	const from = box.scrollLeft / scale()
	const to = from + canvas.clientWidth / scale()
	const sizes = [canvas.clientWidth, canvas.clientHeight]
	const [width, height] = sizes.map(size => Math.round(size * devicePixelRatio))
	if (length && width) draw({from, to, width, height, colour})
}

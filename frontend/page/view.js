/** What of the sound is seen; the Worker draws it. */

import { SAMPLE_RATE, WINDOW } from "../core/parts.js";
import { $, make, onClick } from "./elements.js";
import { draw, giveCanvas } from "./sound.js";
import { clock } from "./texts.js";

// A block of 5 s stays wide enough for a finger.
const MIN_SCALE = (28 * SAMPLE_RATE) / WINDOW;
const MAX_SCALE = 400;
const TICK_STEPS = [0.5, 1, 2, 5, 10, 30, 60, 300];
const TICK_PIXELS = 64;

let length = 0;
let zoom = 1;
let colour = false;
/** @type {HTMLElement} */
let box;
/** @type {HTMLElement} */
let canvas;

/** Pixels a second. */
const fit = () => Math.max(MIN_SCALE, box.clientWidth / length);
const scale = () => fit() * zoom;

export function startView() {
	box = $("scroller");
	canvas = $("spectrogram");
	giveCanvas($("spectrogram", HTMLCanvasElement));
	onClick("zoom-in", () => zoomTo(zoom * 2));
	onClick("zoom-out", () => zoomTo(zoom / 2));
	onClick("palette", () => {
		colour = !colour;
		$("palette").setAttribute("aria-pressed", String(colour));
		look();
	});
	box.addEventListener("scroll", look, { passive: true });
	new ResizeObserver(layOut).observe(box);
}

export function showSound(seconds = 0) {
	length = seconds;
	zoom = 1;
	box.scrollLeft = 0;
	layOut();
}

/** Where a time stands in the strip, as CSS. */
export const place = (seconds = 0) => `${(100 * seconds) / length}%`;

/** @param {PointerEvent} event */
export function timeAt(event) {
	const strip = $("strip").getBoundingClientRect();
	return Math.max(0, Math.min(length, ((event.clientX - strip.left) / strip.width) * length));
}

/** Scrolls so that a time is seen. */
export function reveal(seconds = 0) {
	const x = seconds * scale();
	if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth * 0.1;
}

function zoomTo(wanted = 0) {
	const middle = (box.scrollLeft + box.clientWidth / 2) / scale();
	zoom = Math.max(1, Math.min(MAX_SCALE / fit(), wanted));
	layOut();
	box.scrollLeft = middle * scale() - box.clientWidth / 2;
}

function layOut() {
	if (!length || !box.clientWidth) return;
	$("strip").style.width = `${length * scale()}px`;
	canvas.style.width = `${Math.min(box.clientWidth, length * scale())}px`;
	const step = TICK_STEPS.find((each) => each * scale() >= TICK_PIXELS) ?? 600;
	$("times").replaceChildren(...Array.from({ length: Math.ceil(length / step) }, (_, i) => {
		const tick = make("span", clock(i * step));
		tick.style.left = place(i * step);
		return tick;
	}));
	look();
}

function look() {
	const from = box.scrollLeft / scale();
	const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.round(size * devicePixelRatio));
	if (length && width) draw({ from, to: from + canvas.clientWidth / scale(), width, height, colour });
}

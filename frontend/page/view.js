/** The picture of the sound: zoom, scrolling, axes and palette. The Worker draws; this module says what. */

import { WINDOW_SECONDS } from "../core/parts.js";
import { element, make, onClick } from "./elements.js";
import { draw, giveCanvas } from "./sound.js";
import { clock } from "./texts.js";

// A block of 5 s stays wide enough for a finger.
const MIN_SCALE = 28 / WINDOW_SECONDS;
const MAX_SCALE = 400;
const TICK_STEPS = [0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300];
const TICK_PIXELS = 64;

const night = matchMedia("(prefers-color-scheme: dark)");
const sight = { seconds: 0, zoom: 1, colour: false };

const scroller = () => element("scroller");
/** Pixels a second. */
const scale = () => Math.max(MIN_SCALE, scroller().clientWidth / sight.seconds) * sight.zoom;

/** Wires the tools, once. */
export function startView() {
  giveCanvas(element("spectrogram", HTMLCanvasElement));
  onClick("zoom-in", () => zoomTo(sight.zoom * 2));
  onClick("zoom-out", () => zoomTo(sight.zoom / 2));
  onClick("palette", togglePalette);
  scroller().addEventListener("scroll", look, { passive: true });
  night.addEventListener("change", look);
  new ResizeObserver(layOut).observe(scroller());
}

/** Shows a recording of so many seconds from its start. @param {number} seconds */
export function showSound(seconds) {
  Object.assign(sight, { seconds, zoom: 1 });
  scroller().scrollLeft = 0;
  layOut();
}

/** Where a time stands in the strip, as CSS. @param {number} seconds */
export const place = (seconds) => `${(100 * seconds) / sight.seconds}%`;

/** The time under a pointer, in seconds. @param {PointerEvent} event */
export function timeAt(event) {
  const strip = element("strip").getBoundingClientRect();
  return Math.max(0, Math.min(sight.seconds, ((event.clientX - strip.left) / strip.width) * sight.seconds));
}

/** Scrolls so that a time is seen. @param {number} seconds */
export function reveal(seconds) {
  const box = scroller();
  const x = seconds * scale();
  if (x < box.scrollLeft || x > box.scrollLeft + box.clientWidth) box.scrollLeft = x - box.clientWidth * 0.1;
}

/** Keeps the middle of the view where it is. @param {number} zoom */
function zoomTo(zoom) {
  const box = scroller();
  const middle = (box.scrollLeft + box.clientWidth / 2) / scale();
  const room = MAX_SCALE / (scale() / sight.zoom);
  sight.zoom = Math.max(1, Math.min(room, zoom));
  layOut();
  box.scrollLeft = middle * scale() - box.clientWidth / 2;
}

function togglePalette() {
  sight.colour = !sight.colour;
  element("palette").setAttribute("aria-pressed", String(sight.colour));
  look();
}

function layOut() {
  if (!sight.seconds || !scroller().clientWidth) return;
  element("strip").style.width = `${sight.seconds * scale()}px`;
  element("spectrogram").style.width = `${Math.min(scroller().clientWidth, sight.seconds * scale())}px`;
  const step = TICK_STEPS.find((each) => each * scale() >= TICK_PIXELS) ?? 600;
  const ticks = Array.from({ length: Math.ceil(sight.seconds / step) }, (_, i) => {
    const tick = make("span", clock(i * step));
    tick.style.left = place(i * step);
    return tick;
  });
  element("times").replaceChildren(...ticks);
  look();
}

/** Asks the Worker for what is in sight now. */
function look() {
  const box = scroller();
  const canvas = element("spectrogram");
  if (!sight.seconds || !canvas.clientWidth) return;
  const from = box.scrollLeft / scale();
  draw({
    from,
    to: from + canvas.clientWidth / scale(),
    width: Math.round(canvas.clientWidth * devicePixelRatio),
    height: Math.round(canvas.clientHeight * devicePixelRatio),
    palette: sight.colour ? "colour" : night.matches ? "night" : "paper",
    ink: getComputedStyle(canvas).color,
  });
}

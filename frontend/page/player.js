/** Listening: the playhead, playing just a part, and selecting one by dragging or by two number fields. */

import { element, onClick } from "./elements.js";
import { place, reveal, timeAt } from "./view.js";

/** @typedef {{start: number, end: number}} Stretch in seconds */

const DRAG_PIXELS = 5;
/** @type {Stretch | null} */
let selected = null;
let stopAt = Infinity;
let seekIsOurs = false;

const player = () => element("player", HTMLAudioElement);
const field = (/** @type {string} */ id) => element(id, HTMLInputElement);

/** The selected stretch, or null. */
export const selection = () => selected;

/** Wires the player and the fields, once. */
export function startPlayer() {
  player().addEventListener("play", follow);
  player().addEventListener("timeupdate", showPlayhead);
  player().addEventListener("seeking", () => {
    if (!seekIsOurs) stopAt = Infinity;
    seekIsOurs = false;
    showPlayhead();
  });
  for (const id of ["part-from", "part-to"]) field(id).addEventListener("change", selectFields);
  onClick("play-part", () => selected && play(selected));
  onClick("clear-part", () => select(null));
  element("spectrogram").addEventListener("pointerdown", drag);
}

/** Plays a stretch and stops at its end. @param {Stretch} stretch */
export function play({ start, end }) {
  stopAt = end;
  seekIsOurs = true;
  player().currentTime = start;
  void player().play().catch(() => {}); // The browser may refuse until the reader has touched the page.
}

/** Selects a stretch, or nothing. @param {Stretch | null} stretch */
export function select(stretch) {
  selected = stretch;
  const mark = element("selection");
  mark.hidden = element("part-tools").hidden = !stretch;
  element("part-hint").hidden = Boolean(stretch);
  field("part-from").value = stretch ? stretch.start.toFixed(1) : "";
  field("part-to").value = stretch ? stretch.end.toFixed(1) : "";
  if (stretch) Object.assign(mark.style, { left: place(stretch.start), width: place(stretch.end - stretch.start) });
}

/** Both fields must hold a time, the first before the second. */
function selectFields() {
  const [start, end] = ["part-from", "part-to"].map((id) => field(id).valueAsNumber);
  const length = player().duration || Infinity;
  if (start >= 0 && end > start && start < length) select({ start, end: Math.min(end, length) });
}

/** A click seeks, a drag selects; a finger's drag scrolls instead. @param {PointerEvent} down */
function drag(down) {
  const canvas = element("spectrogram");
  const from = timeAt(down);
  const far = (/** @type {PointerEvent} */ event) => Math.abs(event.clientX - down.clientX) > DRAG_PIXELS;
  const move = (/** @type {PointerEvent} */ event) => {
    const to = timeAt(event);
    if (far(event) && down.pointerType !== "touch") select({ start: Math.min(from, to), end: Math.max(from, to) });
  };
  const done = new AbortController();
  canvas.setPointerCapture(down.pointerId);
  canvas.addEventListener("pointermove", move, { signal: done.signal });
  canvas.addEventListener("pointercancel", () => done.abort(), { signal: done.signal });
  canvas.addEventListener("pointerup", (event) => {
    done.abort();
    if (!far(event)) player().currentTime = from;
  }, { signal: done.signal });
}

function follow() {
  if (player().paused) return;
  if (player().currentTime >= stopAt) {
    player().pause();
    stopAt = Infinity;
  }
  showPlayhead();
  reveal(player().currentTime);
  requestAnimationFrame(follow);
}

function showPlayhead() {
  element("playhead").style.left = place(player().currentTime);
}

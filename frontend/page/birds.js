/** The flying birds and the button that pauses them. */

import { element, onClick } from "./elements.js";
import { text } from "./texts.js";

/** Lets the birds fly unless the reader prefers no motion, and wires the button. */
export function startBirds() {
  show(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  onClick("pause-birds", () => show(document.body.dataset.birds === "paused"));
}

/** @param {boolean} flying */
function show(flying) {
  document.body.dataset.birds = flying ? "flying" : "paused";
  const words = element("pause-text");
  words.dataset.t = flying ? "birds.pause" : "birds.fly";
  words.textContent = text(words.dataset.t);
}

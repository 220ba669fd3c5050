/** The flying birds and the button that pauses them. */

import { element } from "./elements.js";
import { text } from "./texts.js";

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** Lets the birds fly unless the reader prefers no motion, and wires the button. */
export function startBirds() {
  const button = element("pause-birds", HTMLButtonElement);
  show(!still.matches);
  still.addEventListener("change", () => show(!still.matches));
  button.addEventListener("click", () => show(document.body.dataset.birds === "paused"));
}

/** @param {boolean} flying */
function show(flying) {
  document.body.dataset.birds = flying ? "flying" : "paused";
  const button = element("pause-birds", HTMLButtonElement);
  button.dataset.t = flying ? "birds.pause" : "birds.fly";
  button.textContent = text(button.dataset.t);
}

/** The answer card: its words in every state. */

import { element } from "./elements.js";
import { hasText, sureness, text } from "./texts.js";

/** @import { Pooled, State } from "../types" */

const main = document.querySelector("main");

/**
 * Changes the page's state: what is shown, and where the focus goes.
 * @param {State} state
 */
export function showState(state) {
  if (!main) return;
  main.dataset.state = state;
  for (const part of document.querySelectorAll("[data-in]")) {
    part.toggleAttribute("hidden", !part.getAttribute("data-in")?.split(" ").includes(state));
  }
  element("kicker", HTMLElement).textContent = state === "empty" ? "" : text(`kicker.${state}`);
  element("send", HTMLElement).textContent = text(state === "error" ? "retry" : "send");
  if (["chosen", "preparing", "analysing"].includes(state)) showLines("", "", "");
  if (state !== "error") element("message", HTMLElement).textContent = "";
  focusFor(state);
}

/** @returns {State} */
export const currentState = () => /** @type {State} */ (main?.dataset.state);

/** @param {State} state */
function focusFor(state) {
  /** @type {Partial<Record<State, string>>} */
  const targets = {
    chosen: "send", preparing: "cancel", analysing: "cancel", result: "bird-name", unsure: "bird-name", "no-bird": "bird-name", error: "message",
  };
  const id = targets[state];
  if (id) element(id, HTMLElement).focus();
}

/**
 * The two lines of the answer, and the state that goes with them.
 * @param {Pooled} answer
 */
export function showAnswer(answer) {
  const [best] = answer.species;
  if (answer.verdict === "no_bird" || !best) showLines(text("no-bird.name"), "", text("no-bird.line"));
  else showLines(best.name, best.scientific_name, sureness(best.probability));
  showState(answer.verdict === "bird" ? "result" : answer.verdict === "unsure" ? "unsure" : "no-bird");
}

/** @param {string} name @param {string} scientific @param {string} probability */
function showLines(name, scientific, probability) {
  element("bird-name", HTMLElement).textContent = name;
  const latin = element("scientific-name", HTMLElement).firstElementChild;
  if (latin) latin.textContent = scientific;
  element("bird-probability", HTMLElement).textContent = probability;
}

/**
 * One readable sentence: the page's own in the reader's language, else the API's.
 * @param {string} code
 * @param {string} message
 * @param {Record<string, string | number>} [places]
 */
export function showError(code, message, places) {
  const key = `error.${code}`;
  element("message", HTMLElement).textContent = hasText(key) ? text(key, places) : message || text("error.bad_answer");
  showLines("", "", "");
  showState("error");
}

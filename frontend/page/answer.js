/** The page's state and the answer card: its words in every state, and where the focus goes. */

import { element } from "./elements.js";
import { hasText, nameOf, sureness, text } from "./texts.js";

/** @import { ApiError } from "../api.js" */
/** @import { Pooled, State } from "../types" */
/** @typedef {{best?: Pooled | null, trouble?: ApiError | null}} Said */

/** @type {{state: State} & Required<Said> & {done: number, all: number}} */
const now = { state: "empty", best: null, trouble: null, done: 0, all: 1 };

/** @type {Partial<Record<State, string>>} */
const FOCUS = {
  chosen: "send", recording: "recorder-title", preparing: "cancel", analysing: "cancel",
  result: "bird-name", unsure: "bird-name", "no-bird": "bird-name", error: "send",
};

export const currentState = () => now.state;

/**
 * Changes the page's state: what is shown, and where the focus goes.
 * @param {State} state
 * @param {Said} [said]
 */
export function showState(state, { best = null, trouble = null } = {}) {
  Object.assign(now, { state, best, trouble });
  const main = document.querySelector("main");
  if (main) main.dataset.state = state;
  for (const part of document.querySelectorAll("[data-in]")) {
    part.toggleAttribute("hidden", !part.getAttribute("data-in")?.split(" ").includes(state));
  }
  write();
  element(FOCUS[state] ?? "file").focus({ preventScroll: state === "empty" });
}

/** The answer, and the state that goes with it. @param {Pooled} best */
export function showAnswer(best) {
  showState(best.verdict === "bird" ? "result" : best.verdict === "unsure" ? "unsure" : "no-bird", { best });
}

/** How far it is, and the best answer so far. @param {number} done @param {number} all @param {Pooled | null} best */
export function showProgress(done, all, best) {
  Object.assign(now, { done, all, best });
  write();
}

/** Tells that the API asked for patience; 0 ends it. @param {number} seconds */
export function showWaiting(seconds) {
  element("waiting").textContent = seconds ? text("waiting", { seconds }) : "";
}

/** Writes the card's words: after a change, and in another language. */
export function write() {
  const { state, best, trouble, done, all } = now;
  element("kicker").textContent = state === "empty" || state === "recording" ? "" : text(`kicker.${state}`);
  element("choose-text").textContent = text(state === "empty" ? "choose" : "choose.other");
  element("send").textContent = text(state === "error" ? "retry" : "send");
  element("cancel").textContent = text(state === "error" ? "back" : "cancel");
  element("message").textContent = trouble ? explain(trouble) : "";
  element("progress-text").textContent = text(all > 1 ? "progress" : "progress.one", { done, all });
  Object.assign(element("bar", HTMLProgressElement), { max: all, value: done });
  writeLines(best);
}

/** @param {Pooled | null} best */
function writeLines(best) {
  const [first] = best?.species ?? [];
  const bird = first && best?.verdict !== "no_bird";
  element("bird-name").textContent = bird ? nameOf(first) : best ? text("no-bird.name") : "";
  element("scientific-name").children[0].textContent = bird ? first.scientific_name : "";
  element("bird-probability").textContent = bird ? sureness(first.probability) : best ? text("no-bird.line") : "";
}

/** One readable sentence: the page's own in the reader's language, else the API's. @param {ApiError} trouble */
function explain({ code, message, places }) {
  return hasText(`error.${code}`) ? text(`error.${code}`, places) : message || text("error.bad_answer");
}

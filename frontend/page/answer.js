/** The page's state, and the words of the answer card. */

import { $, write } from "./elements.js";
import { hasText, nameOf, sureness, text } from "./texts.js";

/** @type {Shown} */
const now = { state: "empty", best: null, trouble: null, done: 0, all: 1 };

export const currentState = () => now.state;

/** @param {State} state @param {Pooled | null} [best] @param {Trouble | null} [trouble] */
export function showState(state, best = null, trouble = null) {
	Object.assign(now, { state, best, trouble });
	document.querySelector("main")?.setAttribute("data-state", state);
	for (const part of document.querySelectorAll("[data-in]")) part.toggleAttribute("hidden", !part.matches(`[data-in~=${state}]`));
	writeCard();
	/** @type {HTMLElement | null} */ (document.querySelector(`[data-focus~=${state}]`))?.focus();
}

/** @param {number} done @param {number} all @param {Pooled | null} best */
export function showProgress(done, all, best) {
	Object.assign(now, { done, all, best });
	writeCard();
}

export const showWaiting = (seconds = 0) => write("waiting", seconds ? text("waiting", { seconds }) : "");

export function writeCard() {
	const { state, best, trouble, done, all } = now;
	const bird = best?.verdict !== "no_bird" && best?.species[0];
	write("kicker", text(`kicker.${state}`));
	write("pick", text(state === "empty" ? "choose" : "choose.other"));
	write("send", text(state === "error" ? "retry" : "send"));
	write("cancel", text(state === "error" ? "back" : "cancel"));
	write("message", trouble ? explain(trouble) : "");
	write("progress-text", text(all > 1 ? "progress" : "progress.one", { done, all }));
	write("bird-name", bird ? nameOf(bird) : best ? text("no-bird.name") : "");
	write("scientific-name", bird ? bird.scientific_name : "");
	write("bird-probability", bird ? sureness(bird.probability) : best ? text("no-bird.line") : "");
	Object.assign($("bar"), { max: all, value: done });
	Object.assign($("sureness"), { value: bird ? bird.probability : 0 });
}

/** One readable sentence: the page's own in the reader's language, else the API's. @param {Trouble} trouble */
const explain = ({ code, message, places }) =>
	hasText(`error.${code}`) ? text(`error.${code}`, places) : message || text("error.bad_answer");

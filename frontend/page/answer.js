/** The page's state, and the words of the answer card. */

import {AUDIO_FORMATS} from "../core/audio-formats.js"
import {$, write} from "./dom.js"
import {hasText, nameOf, sureness, text} from "./i18n.js"

/** @type {Card} */
const card = {state: "empty", best: null, failure: null, done: 0, all: 1}

export const currentState = () => card.state

/** @type {ShowState} */
export const showState = (state, best = null, failure = null) => {
	Object.assign(card, {state, best, failure})
	document.querySelector("main")?.setAttribute("data-state", state)
	for (const element of document.querySelectorAll("[data-in]")) {
		element.toggleAttribute("hidden", !element.matches(`[data-in~=${state}]`))
	}
	writeCard()
	;/** @type {HTMLElement | null} */ (document.querySelector(`[data-focus~=${state}]`))?.focus()
}

/** @param {Pooled | null} best */
export function showProgress(best, done = 0, all = 1) {
	Object.assign(card, {done, all, best})
	writeCard()
}

export const showWaiting = (seconds = 0) =>
	write("waiting", seconds ? text("waiting", {seconds}) : "")

export function writeCard() {
	const {state, best, failure, done, all} = card
	const bird = best?.verdict !== "no_bird" && best?.species[0]
	write("kicker", text(`kicker.${state}`))
	write("pick", text(state === "empty" ? "choose" : "choose.other"))
	write("send", text(state === "error" ? "retry" : "send"))
	write("cancel", text(state === "error" ? "back" : "cancel"))
	write("message", failure ? explain(failure) : "")
	write("progress-text", text(all > 1 ? "progress" : "progress.one", {done, all}))
	write("bird-name", bird ? nameOf(bird) : best ? text("no-bird.name") : "")
	write("scientific-name", bird ? bird.scientific_name : "")
	write("bird-probability", bird ? sureness(bird.probability) : best ? text("no-bird.line") : "")
	Object.assign($("bar"), {max: all, value: done})
	Object.assign($("sureness"), {value: bird ? bird.probability : 0})
}

/** The page's own sentence, otherwise the API's. @param {Failure} failure */
function explain({code, message, values}) {
	const key = `error.${code}`
	const formats = Object.keys(AUDIO_FORMATS).join(", ")
	return hasText(key) ? text(key, {formats, ...values}) : message || text("error.bad_answer")
}

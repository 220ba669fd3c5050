/** The flying birds and the button that pauses them. */

import {$, onClick, write} from "./dom.js"
import {text} from "./i18n.js"

export function startBirds() {
	fly(!matchMedia("(prefers-reduced-motion: reduce)").matches)
	onClick("pause-birds", () => fly(document.body.dataset.birds === "paused"))
}

function fly(flying = false) {
	document.body.dataset.birds = flying ? "flying" : "paused"
	const key = flying ? "birds.pause" : "birds.fly"
	$("pause-text").dataset.t = key
	write("pause-text", text(key))
}

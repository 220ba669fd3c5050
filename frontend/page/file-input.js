/** How a file comes in: the button, a drop, a paste. */

import {AUDIO_FORMATS} from "../core/audio-formats.js"
import {$, onClick} from "./dom.js"

/** @param {(file: File) => void} choose */
export function startFileInput(choose) {
	const input = $("file", HTMLInputElement)
	/** @param {FileList | null} [files] */
	const take = files => files?.[0] && choose(files[0])
	// A video gives its sound.
	input.accept = ["audio/*", "video/*", ...Object.values(AUDIO_FORMATS)].join()
	input.onchange = () => {
		take(input.files)
		input.value = ""
	}
	onClick("pick", () => input.click())
	document.onpaste = event => take(event.clipboardData?.files)
	/** @param {DragEvent} event */
	const drag = event => {
		event.preventDefault()
		document.body.toggleAttribute("data-drop", event.type === "dragover")
		if (event.type === "drop") take(event.dataTransfer?.files)
	}
	document.ondragover = document.ondragleave = document.ondrop = drag
}

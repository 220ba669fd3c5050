/** How a recording comes in: the button, a drop, a paste. */

import { $, onClick } from "./elements.js";

/** @param {(file: File) => void} choose */
export function startInputs(choose) {
	const input = $("file", HTMLInputElement);
	const take = (/** @type {FileList | undefined | null} */ files) => files?.[0] && choose(files[0]);
	onClick("pick", () => input.click());
	input.addEventListener("change", () => {
		take(input.files);
		input.value = "";
	});
	document.addEventListener("paste", (event) => take(event.clipboardData?.files));
	for (const kind of /** @type {const} */ (["dragover", "dragleave", "drop"])) {
		document.addEventListener(kind, (event) => {
			event.preventDefault();
			document.body.toggleAttribute("data-drop", kind === "dragover");
			if (kind === "drop") take(event.dataTransfer?.files);
		});
	}
}

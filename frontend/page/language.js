/** Which language the page speaks: the reader's choice, otherwise the browser's. */

import {$, write} from "./dom.js"
import {text, useLanguage} from "./i18n.js"

/** @param {() => void} refresh writes what the tables do not */
export async function startLanguage(refresh) {
	const choice = $("language", HTMLSelectElement)
	choice.value = ""
	const use = () => useLanguage(choice.value).then(refresh)
	// A language that is not in the list leaves the choice empty.
	for (const wanted of [localStorage.getItem("language"), ...navigator.languages, "en"]) {
		choice.value = choice.value || wanted?.slice(0, 2) || ""
	}
	choice.onchange = async () => {
		const {lang} = document.documentElement
		const failed = await use().catch(() => true)
		if (failed) choice.value = lang
		else localStorage.setItem("language", choice.value)
		write("notice", failed ? text("language.offline") : "")
	}
	// A new service worker stores the table too.
	navigator.serviceWorker?.addEventListener("controllerchange", () => use().catch(() => {}))
	// Another visit's language may not be stored.
	await use().catch(() => useLanguage((choice.value = "en")).then(refresh))
}

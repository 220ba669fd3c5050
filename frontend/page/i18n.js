/** The page's words, in the language of the reader. */

import {loadJson} from "../api.js"

/** Texts by their keys, and species names by scientific names. @type {Record<string, string>} */
let table = {}

/** The text of a key, its {names} filled; otherwise the key. @param {Failure["values"]} [values] */
export const text = (key = "", values = {}) =>
	(table[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name]))

export const hasText = (key = "") => key in table

/** Return the table's name of a species, otherwise the model's own. @type {NameOf} */
export const nameOf = ({name, scientific_name}) => table[scientific_name] ?? name

export async function useLanguage(language = "") {
	table = await loadJson(`lang/${language}.json`)
	document.documentElement.lang = language
	document.title = text("title")
	for (const element of document.querySelectorAll("[data-t]")) {
		element.textContent = text(element.getAttribute("data-t") ?? "")
	}
	for (const element of document.querySelectorAll("[data-t-label]")) {
		element.ariaLabel = text(element.getAttribute("data-t-label") ?? "")
	}
}

/** Return a time in the recording: 1:05, or 0:00.5. */
export function clock(seconds = 0) {
	const tenths = Math.round(seconds * 10)
	const rest = String(Math.floor((tenths % 600) / 10)).padStart(2, "0")
	return `${Math.floor(tenths / 600)}:${rest}${tenths % 10 ? `.${tenths % 10}` : ""}`
}

/** Never 100 %: the network is never that sure. */
export const percent = (probability = 0) =>
	probability < 0.01 ? "< 1 %" : `${Math.min(99, Math.round(probability * 100))} %`

/** Return a probability in words: "87 %: quite sure". */
export function sureness(probability = 0) {
	const level = [0.4, 0.6, 0.8, 0.95].filter(step => probability >= step).length + 1
	return text("probability", {percent: percent(probability), words: text(`sure.${level}`)})
}

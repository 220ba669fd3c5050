/** The formats in which an answer is saved. The page makes one button for each. */

import {SAMPLE_RATE} from "./chunks.js"

const CSV_HEAD = "start_seconds,end_seconds,verdict,species,scientific_name,probability"
const NYQUIST = (SAMPLE_RATE / 2).toFixed(1)
const RAVEN_HEAD =
	"Selection,View,Channel,Begin Time (s),End Time (s),Low Freq (Hz),High Freq (Hz)," +
	"Common Name,Scientific Name,Confidence"

/** @type {ExportWriter} */
const csv = ({windows}, nameOf) => {
	const rows = windows.map(({start_seconds, end_seconds, verdict, species: [best]}) => {
		const bird = best ? [nameOf(best), best.scientific_name, best.probability] : ["", "", ""]
		return [start_seconds, end_seconds, verdict, ...bird].map(field => quote(String(field))).join()
	})
	return [CSV_HEAD, ...rows, ""].join("\r\n")
}

/** As RFC 4180 says. */
const quote = (field = "") => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)

/** @type {ExportWriter} */
const raven = (answer, nameOf) => {
	const rows = birds(answer).map(([start, end, best], i) => {
		const bird = [nameOf(best), best.scientific_name, best.probability]
		return [i + 1, "Spectrogram 1", 1, start, end, "0.0", NYQUIST, ...bird]
	})
	return tabbed([RAVEN_HEAD.split(","), ...rows])
}

/** @type {ExportWriter} */
const audacity = (answer, nameOf) => {
	const label = (/** @type {Species} */ best) => `${nameOf(best)} ${best.probability}`
	return tabbed(birds(answer).map(([start, end, best]) => [start, end, label(best)]))
}

/** @param {(string | number)[][]} rows */
const tabbed = rows =>
	rows.map(row => row.map(field => String(field).replace(/\s+/g, " ")).join("\t") + "\n").join("")

/** Return start, end and species. @type {(answer: Answer) => [string, string, Species][]} */
const birds = ({windows}) =>
	windows
		.filter(window => window.verdict === "bird")
		.map(({start_seconds: start, end_seconds: end, species: [best]}) => [
			start.toFixed(6),
			end.toFixed(6),
			best
		])

const json = (/** @type {Answer} */ answer) => JSON.stringify(answer, null, 2) + "\n"

/** Name, suffix, media type, label and writer. @type {ExportFormat[]} */
export const EXPORT_FORMATS = [
	["csv", ".csv", "text/csv", "save.csv", csv],
	["json", ".json", "application/json", "JSON", json],
	["raven", ".selections.txt", "text/plain", "save.raven", raven],
	["audacity", ".labels.txt", "text/plain", "save.audacity", audacity]
]

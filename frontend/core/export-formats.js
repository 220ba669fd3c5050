/** The formats in which an answer is saved. The page makes one button for each. */

import {SAMPLE_RATE} from "./chunks.js"

const CSV_HEAD =
	"file,start_seconds,end_seconds,verdict,species,scientific_name,probability,confidence,certain," +
	"verified"
// Excel takes a table without it for Latin letters.
const BYTE_ORDER_MARK = "\ufeff"
const NYQUIST = (SAMPLE_RATE / 2).toFixed(1)
const RAVEN_HEAD =
	"Selection,View,Channel,Begin Time (s),End Time (s),Low Freq (Hz),High Freq (Hz)," +
	"Common Name,Scientific Name,Confidence,Certain,Verified"

/** A row for each window and bird; one without a name where none sings. @type {ExportWriter} */
const csv = (answer, nameOf, file) => {
	const rows = answer.windows.flatMap(window => {
		const {start_seconds, end_seconds, verdict} = window
		return describe(window, answer.birds, nameOf).map(bird =>
			[file, start_seconds, end_seconds, verdict, ...bird].map(each => quote(String(each))).join()
		)
	})
	return BYTE_ORDER_MARK + [CSV_HEAD, ...rows, ""].join("\r\n")
}

/** @type {Describe} */
const describe = ({start_seconds, verdict, species}, birds, nameOf) => {
	const singing = birds.filter(({spans}) =>
		spans.some(span => span.start_seconds <= start_seconds && start_seconds < span.end_seconds)
	)
	const rows = singing.map(bird => {
		const {scientific_name: latin, confidence, certain} = bird
		const own = species.find(each => each.scientific_name === latin)
		const probability = own?.probability ?? ""
		return [nameOf(bird), latin, probability, confidence, certain, bird.verified ?? ""]
	})
	const [best] = species
	const guess = best && verdict !== "no_bird"
	const rest = guess ? [nameOf(best), best.scientific_name, best.probability] : ["", "", ""]
	return rows.length ? rows : [[...rest, "", "", ""]]
}

/** As RFC 4180 says. */
export const quote = (field = "") =>
	/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field

/** @type {ExportWriter} */
const raven = (answer, nameOf) => {
	const rows = spansOf(answer).map(([start, end, bird], i) => {
		const {scientific_name: latin, confidence, certain, verified = ""} = bird
		const words = [nameOf(bird), latin, confidence, certain, verified]
		return [i + 1, "Spectrogram 1", 1, start, end, "0.0", NYQUIST, ...words]
	})
	return tabbed([RAVEN_HEAD.split(","), ...rows])
}

/** @type {ExportWriter} */
const audacity = (answer, nameOf) => {
	const label = (/** @type {Bird} */ {certain, confidence, verified = "", ...bird}) =>
		`${nameOf(bird)} ${confidence}${certain ? "" : " ?"}${verified && ` = ${verified}`}`
	return tabbed(spansOf(answer).map(([start, end, bird]) => [start, end, label(bird)]))
}

/** @param {Field[][]} rows */
const tabbed = rows =>
	rows.map(row => row.map(field => String(field).replace(/\s+/g, " ")).join("\t") + "\n").join("")

/** Return start, end and bird, by their times. @type {SpansOf} */
const spansOf = ({birds}) =>
	birds
		.flatMap(bird => bird.spans.map(span => ({...span, bird})))
		.sort((a, b) => a.start_seconds - b.start_seconds)
		.map(({start_seconds, end_seconds, bird}) => [
			start_seconds.toFixed(6),
			end_seconds.toFixed(6),
			bird
		])

const json = (/** @type {Answer} */ answer) => JSON.stringify(answer, null, 2) + "\n"

/** Name, suffix, media type, label and writer. @type {ExportFormat[]} */
export const EXPORT_FORMATS = [
	["csv", ".csv", "text/csv", "save.csv", csv],
	["json", ".json", "application/json", "JSON", json],
	["raven", ".selections.txt", "text/plain", "save.raven", raven],
	["audacity", ".labels.txt", "text/plain", "save.audacity", audacity]
]

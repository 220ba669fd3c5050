/** An answer as files for other programs. */

import { SAMPLE_RATE } from "./parts.js";

/** @param {(string | number)[][]} rows */
const tabbed = (rows) => rows.map((row) => row.map((field) => String(field).replace(/\s+/g, " ")).join("\t") + "\n").join("");

/** RFC 4180. @param {Answer} answer @param {NameOf} nameOf */
export function csv({ windows }, nameOf) {
	const rows = windows.map(({ start_seconds, end_seconds, verdict, species: [best] }) => [
		start_seconds, end_seconds, verdict, ...(best ? [nameOf(best), best.scientific_name, best.probability] : ["", "", ""]),
	]);
	return ["start_seconds,end_seconds,verdict,species,scientific_name,probability".split(","), ...rows]
		.map((row) => row.map((field) => (/[",\r\n]/.test(String(field)) ? `"${String(field).replaceAll('"', '""')}"` : field)).join(",") + "\r\n")
		.join("");
}

/** @param {Answer} answer */
export const json = (answer) => JSON.stringify(answer, null, 2) + "\n";

/** @param {Answer} answer @param {NameOf} nameOf */
export function raven(answer, nameOf) {
	const head = "Selection,View,Channel,Begin Time (s),End Time (s),Low Freq (Hz),High Freq (Hz),Common Name,Scientific Name,Confidence";
	const rows = labels(answer).map(({ start, end, best }, i) => [
		i + 1, "Spectrogram 1", 1, start, end, "0.0", (SAMPLE_RATE / 2).toFixed(1), nameOf(best), best.scientific_name, best.probability,
	]);
	return tabbed([head.split(","), ...rows]);
}

/** @param {Answer} answer @param {NameOf} nameOf */
export const audacity = (answer, nameOf) =>
	tabbed(labels(answer).map(({ start, end, best }) => [start, end, `${nameOf(best)} ${best.probability}`]));

/** Blocks with a bird. @param {Answer} answer */
const labels = ({ windows }) => windows.filter((block) => block.verdict === "bird").map(({ start_seconds, end_seconds, species }) => ({
	start: start_seconds.toFixed(6), end: end_seconds.toFixed(6), best: species[0],
}));

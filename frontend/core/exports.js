/** An answer as files for other programs. Only blocks with a bird become labels; CSV and JSON hold everything. */

import { SAMPLE_RATE } from "./parts.js";

/** @import { Answer, Block, Species } from "../types" */
/** @typedef {(species: Species) => string} NameOf the reader's name of a species */

/** @param {(string | number)[][]} rows */
const tabbed = (rows) => rows.map((row) => row.map(clean).join("\t") + "\n").join("");
/** A tab or a line break would start another field. @param {string | number} value */
const clean = (value) => String(value).replace(/[\t\r\n]+/g, " ");

/** @param {Block[]} blocks */
const withBird = (blocks) => blocks.filter((block) => block.verdict === "bird" && block.species.length);

/** The answer as it is. @param {Answer} answer */
export const toJson = (answer) => JSON.stringify(answer, null, 2) + "\n";

/** One row a block with its best guess (RFC 4180). @param {Answer} answer @param {NameOf} nameOf */
export function toCsv({ windows }, nameOf) {
  const head = ["start_seconds", "end_seconds", "verdict", "species", "scientific_name", "probability"];
  const rows = windows.map(({ start_seconds, end_seconds, verdict, species: [best] }) => [
    start_seconds, end_seconds, verdict, ...(best ? [nameOf(best), best.scientific_name, best.probability] : ["", "", ""]),
  ]);
  return [head, ...rows].map((row) => row.map(quote).join(",") + "\r\n").join("");
}

/** @param {string | number} value */
const quote = (value) => (/[",\r\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** A selection table for Raven. @param {Answer} answer @param {NameOf} nameOf */
export function toRaven({ windows }, nameOf) {
  const head = [
    "Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)",
    "Common Name", "Scientific Name", "Confidence",
  ];
  const rows = withBird(windows).map(({ start_seconds, end_seconds, species: [best] }, i) => [
    i + 1, "Spectrogram 1", 1, start_seconds, end_seconds, 0, SAMPLE_RATE / 2,
    nameOf(best), best.scientific_name, best.probability,
  ]);
  return tabbed([head, ...rows]);
}

/** A label track for Audacity. @param {Answer} answer @param {NameOf} nameOf */
export function toAudacity({ windows }, nameOf) {
  return tabbed(withBird(windows).map(({ start_seconds, end_seconds, species: [best] }) => [
    start_seconds.toFixed(6), end_seconds.toFixed(6), `${nameOf(best)} ${best.probability}`,
  ]));
}

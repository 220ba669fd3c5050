/** corrections.zip: the clips with a metadata.csv that `make train RECORDINGS=` takes as it is. */

import {quote} from "../core/export-formats.js"
import {isSpecies} from "../core/said.js"
import {zip} from "../core/zip.js"

const COLUMNS = "filename,primary_label,scientific_name,common_name,recordist,date,source,seconds"
// One recordist: training never splits a voice and its recorder.
const [RECORDIST, SOURCE] = ["corrected in the page", "corrections"]

/** @param {Entry[]} entries */
export async function saveCorrections(entries) {
	const {save} = await import("./export.js")
	save(new File([await zip(toFiles(entries))], "corrections.zip", {type: "application/zip"}))
}

/**
 * Listed species stand in metadata.csv; clips of no bird and of another bird have folders and
 * tables of their own, as training reads no_bird/.
 * @param {Entry[]} entries @returns {Record<string, Blob>}
 */
export function toFiles(entries) {
	/** @type {Record<string, Blob>} */
	const files = {}
	/** @type {Record<string, string[]>} */
	const tables = {}
	for (const {id, date, corrections} of entries) {
		for (const {said, species, clips} of corrections) {
			const {scientific_name: latin, name} = said
			const apart = !isSpecies(latin)
			const label = latin.replaceAll(" ", "_")
			const folder = apart ? `${latin}/` : ""
			clips.forEach(({start, end, sound}) => {
				const stem = `${id} ${species} ${start}-${end}`.replaceAll(/[^\w.-]+/g, "_")
				const filename = `${apart ? "" : `${label}/`}${stem}.wav`
				files[folder + filename] = sound
				const names = apart ? ["", ""] : [latin, name]
				const row = [filename, label, ...names, RECORDIST, date, SOURCE, end - start]
				tables[folder] = [...(tables[folder] ?? [COLUMNS]), row.map(String).map(quote).join()]
			})
		}
	}
	for (const [folder, rows] of Object.entries(tables)) {
		files[`${folder}metadata.csv`] = new Blob([rows.join("\r\n"), "\r\n"])
	}
	return files
}

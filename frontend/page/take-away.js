/** What the reader takes of the current recording and its answer: files, clips, links. */

import {$, onClick, show, write} from "./dom.js"
import {selection} from "./player.js"

/** @type {GetCurrent} */
let current = () => ({answer: null})
const loadExport = () => import("./export.js")

/** @param {GetCurrent} given */
export function startTakeAway(given) {
	current = given
	onClick("save-clip", saveClip)
	onClick("save-recording", saveRecording)
	onClick("share", () => share(current().answer))
}

/** A button for each format. */
export async function addExports() {
	const {addExportButtons} = await loadExport()
	addExportButtons(() => {
		const {answer, file, verify} = current()
		return answer && [verify?.(answer) ?? answer, file?.name ?? "shared"]
	})
}

/** Empty the link: it belongs to an answer. */
export function clearShared() {
	show("share-box", false)
	$("share-link", HTMLInputElement).value = ""
	write("share-told")
}

/** Share the answer with this bird alone. @param {Bird} bird */
export function shareBird(bird) {
	const {answer} = current()
	const verdict = bird.certain ? "bird" : "unsure"
	share(answer && {...answer, verdict, birds: [bird], candidates: []})
}

/** @param {Answer | null} answer */
const share = async answer => answer && (await loadExport()).share(answer)

async function saveClip() {
	const {file} = current()
	if (selection && file) (await loadExport()).saveClip(selection, file.name)
}

async function saveRecording() {
	const {file} = current()
	if (file) (await loadExport()).save(file)
}

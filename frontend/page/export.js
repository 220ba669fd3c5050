/** Saves the answer and clips, shares a link. */

import {toChunk} from "../core/chunks.js"
import {EXPORT_FORMATS} from "../core/export-formats.js"
import {toFragment} from "../core/share.js"
import {$, make, show, write} from "./dom.js"
import {nameOf, text} from "./i18n.js"
import {cutWav} from "./sound.js"

/** @param {(format: ExportFormat) => void} act */
export function addExportButtons(act) {
	for (const format of EXPORT_FORMATS) {
		const [name, , , label] = format
		const button = make("button", text(label), "tool")
		button.id = `save-${name}`
		button.dataset.t = label
		button.onclick = () => act(format)
		$("share").before(button)
	}
}

/** @param {Answer} answer @param {string} name of the recording @param {ExportFormat} format */
export const saveAs = (answer, name, [, suffix, type, , write]) =>
	save(new Blob([write(answer, nameOf)], {type}), stem(name) + suffix)

/** @param {Part} part @param {string} name of the recording */
export async function saveClip({start, end}, name) {
	const {file} = await cutWav(toChunk({start, end}))
	if (file) save(file, `${stem(name)} ${start.toFixed(1)}-${end.toFixed(1)} s.wav`)
}

const stem = (name = "") => name.replace(/\.[^.]*$/, "")

/** @param {Blob} blob @param {string} download */
function save(blob, download) {
	const link = Object.assign(make("a"), {href: URL.createObjectURL(blob), download})
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** @param {Answer} answer */
export async function share(answer) {
	const field = $("share-link", HTMLInputElement)
	const page = location.origin + location.pathname
	field.value = `${page}#result=${await toFragment(answer)}`
	show("share-box", true)
	field.select()
	const copying = navigator.clipboard?.writeText(field.value).then(() => true)
	const copied = await copying?.catch(() => false)
	write("share-told", text(copied ? "share.copied" : "share.copy"))
}

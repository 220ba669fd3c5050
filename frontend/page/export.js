/** Saves the answer and clips, shares a link. */

import {toChunk} from "../core/chunks.js"
import {EXPORT_FORMATS} from "../core/export-formats.js"
import {toFragment} from "../core/share.js"
import {$, make, show, write} from "./dom.js"
import {nameOf, text} from "./i18n.js"
import {cutWav} from "./sound.js"

/** Once. @param {() => [Answer, string] | null} current the answer, and the recording's name */
export function addExportButtons(current) {
	if (document.getElementById(`save-${EXPORT_FORMATS[0][0]}`)) return
	for (const format of EXPORT_FORMATS) {
		const [name, , , label] = format
		const button = make("button", text(label), "tool")
		button.id = `save-${name}`
		button.dataset.t = label
		button.onclick = () => {
			const found = current()
			if (found) saveAs(...found, format)
		}
		$("share").before(button)
	}
}

/** @param {Answer} answer @param {string} name of the recording @param {ExportFormat} format */
const saveAs = (answer, name, [, suffix, type, , write]) =>
	save(new File([write(answer, nameOf, name)], stem(name) + suffix, {type}))

/** @param {Part} part @param {string} name of the recording */
export async function saveClip({start, end}, name) {
	const {file} = await cutWav(toChunk({start, end}))
	const clip = `${stem(name)} ${start.toFixed(1)}-${end.toFixed(1)} s.wav`
	if (file) save(new File([file], clip))
}

const stem = (name = "") => name.replace(/\.[^.]*$/, "")

/** @param {File} file */
export function save(file) {
	const href = URL.createObjectURL(file)
	const link = Object.assign(make("a"), {href, download: file.name})
	link.click()
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

/** @param {Answer} answer */
export async function share(answer) {
	const field = $("share-link", HTMLInputElement)
	const page = location.origin + location.pathname
	field.value = `${page}#result=${await toFragment(answer)}`
	show("share-box", true)
	field.focus()
	field.select()
	const copying = navigator.clipboard?.writeText(field.value).then(() => true)
	const copied = await copying?.catch(() => false)
	write("share-told", text(copied ? "share.copied" : "share.copy"))
}

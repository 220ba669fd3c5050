/** Saves the answer and clips, shares a link. */

import * as formats from "../core/exports.js";
import { SAMPLE_RATE } from "../core/parts.js";
import { toFragment } from "../core/share.js";
import { $, make, show, write } from "./elements.js";
import { cutWav } from "./sound.js";
import { nameOf, text } from "./texts.js";

const ENDINGS = { csv: ".csv", json: ".json", raven: ".selections.txt", audacity: ".labels.txt" };

/** @param {Answer} answer @param {string} name of the recording @param {keyof typeof ENDINGS} format */
export const saveAs = (answer, name, format) => save(new Blob([formats[format](answer, nameOf)]), stem(name) + ENDINGS[format]);

/** @param {Stretch} part in seconds @param {string} name of the recording */
export async function saveClip({ start, end }, name) {
	const { file } = await cutWav({ start: Math.round(start * SAMPLE_RATE), end: Math.round(end * SAMPLE_RATE) });
	if (file) save(file, `${stem(name)} ${start.toFixed(1)}-${end.toFixed(1)} s.wav`);
}

const stem = (name = "") => name.replace(/\.[^.]*$/, "");

/** @param {Blob} blob @param {string} download */
function save(blob, download) {
	const link = Object.assign(make("a"), { href: URL.createObjectURL(blob), download });
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {Answer} answer */
export async function share(answer) {
	const field = $("share-link", HTMLInputElement);
	field.value = `${location.origin}${location.pathname}#result=${await toFragment(answer)}`;
	show("share-box", true);
	field.select();
	const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
	write("share-told", text(copied ? "share.copied" : "share.copy"));
}

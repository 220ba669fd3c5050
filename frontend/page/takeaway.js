/** Saving the answer as files, a part as a clip, and sharing a link. */

import { toAudacity, toCsv, toJson, toRaven } from "../core/exports.js";
import { SAMPLE_RATE } from "../core/parts.js";
import { toFragment } from "../core/share.js";
import { element, make, onClick } from "./elements.js";
import { selection } from "./player.js";
import { cutFile } from "./sound.js";
import { nameOf, text } from "./texts.js";

/** @import { Answer } from "../types" */
/** @typedef {() => {answer: Answer, name: string} | null} Current what there is to take away */

/** Wires the buttons, once. @param {Current} current */
export function startTakeaway(current) {
  const formats = { csv: toCsv, json: toJson, raven: toRaven, audacity: toAudacity };
  const endings = { csv: ".csv", json: ".json", raven: ".selections.txt", audacity: ".labels.txt" };
  for (const format of /** @type {(keyof typeof formats)[]} */ (Object.keys(formats))) {
    onClick(`save-${format}`, () => {
      const now = current();
      if (now) save(new Blob([formats[format](now.answer, nameOf)]), stem(now.name) + endings[format]);
    });
  }
  onClick("share", () => share(current));
}

/** Saves a stretch of the sound as a WAV file. @param {string} name of the recording */
export async function saveClip(name) {
  const stretch = selection();
  if (!stretch) return;
  const [start, end] = [stretch.start, stretch.end].map((at) => Math.round(at * SAMPLE_RATE));
  save(await cutFile({ start, end }), `${stem(name)} ${stretch.start.toFixed(1)}-${stretch.end.toFixed(1)} s.wav`);
}

/** @param {string} name */
const stem = (name) => name.replace(/\.[^.]*$/, "") || "recording";

/** @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = make("a");
  Object.assign(link, { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Copies the link where the browser lets us, and shows it in any case. @param {Current} current */
async function share(current) {
  const now = current();
  if (!now) return;
  const field = element("share-link", HTMLInputElement);
  field.value = `${location.origin}${location.pathname}#result=${toFragment(now.answer)}`;
  element("share-box").hidden = false;
  const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  element("share-told").textContent = text(copied ? "share.copied" : "share.copy");
  if (!copied) field.select();
}

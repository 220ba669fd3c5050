/** The page's side of the Worker, and decoding. */

import { ApiError } from "../api.js";
import { SAMPLE_RATE } from "../core/parts.js";

/** @import { FromWorker, ToWorker, View } from "../types" */

/** @type {Worker | undefined} */
let worker;
let lastId = 0;
/** @type {Map<number, (message: FromWorker) => void>} */
const waiting = new Map();

/**
 * The file's sound at 22,050 Hz, one array a channel; null where this browser cannot read it.
 * @param {File} file
 * @returns {Promise<Float32Array<ArrayBuffer>[] | null>}
 */
export async function decode(file) {
  try {
    const sound = await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(await file.arrayBuffer());
    return Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i).slice());
  } catch {
    return null;
  }
}

/** A file's length in seconds as the player knows it; 0 where it does not. @param {HTMLAudioElement} player @returns {Promise<number>} */
export const lengthIn = (player) => new Promise((resolve) => {
  for (const event of ["loadedmetadata", "error"]) {
    player.addEventListener(event, () => resolve(Number.isFinite(player.duration) ? player.duration : 0), { once: true });
  }
});

/** @param {Blob} blob @returns {Promise<string>} */
export const toBase64 = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
  reader.onerror = () => reject(new ApiError("lost_file"));
  reader.readAsDataURL(blob);
});

/**
 * Hands the sound to the Worker. `drawn` is called when the whole spectrogram is there.
 * @param {Float32Array<ArrayBuffer>[]} channels
 * @param {() => void} drawn
 * @returns {Promise<number>} how many samples it has
 */
export async function hold(channels, drawn) {
  return new Promise((resolve) => {
    const id = ask({ channels }, channels.map((channel) => channel.buffer), (message) => {
      if (message.samples !== undefined) resolve(message.samples);
      if (!message.drawn) return;
      waiting.delete(id);
      drawn();
    });
  });
}

/** Gives the canvas to the Worker for good. @param {HTMLCanvasElement} element */
export function giveCanvas(element) {
  const canvas = element.transferControlToOffscreen();
  ask({ canvas }, [canvas]);
}

/** @param {View} view */
export const draw = (view) => ask({ view });

/** A stretch of samples as a WAV file in base64. @param {{start: number, end: number}} part @returns {Promise<string>} */
export const cutBase64 = async (part) => (await cut({ ...part, form: "base64" })).base64 ?? "";

/** The same as a file to keep. @param {{start: number, end: number}} part @returns {Promise<Blob>} */
export const cutFile = async (part) => (await cut({ ...part, form: "file" })).file ?? new Blob();

/** @param {NonNullable<ToWorker["wav"]>} wav @returns {Promise<FromWorker>} */
function cut(wav) {
  return new Promise((resolve) => {
    const id = ask({ wav }, [], (message) => {
      waiting.delete(id);
      resolve(message);
    });
  });
}

/**
 * @param {Omit<ToWorker, "id">} message
 * @param {Transferable[]} [moved]
 * @param {(message: FromWorker) => void} [answered]
 */
function ask(message, moved = [], answered) {
  worker ??= startWorker();
  const id = ++lastId;
  if (answered) waiting.set(id, answered);
  worker.postMessage({ id, ...message }, moved);
  return id;
}

function startWorker() {
  const started = new Worker("sound-worker.js", { type: "module" });
  started.onmessage = ({ data }) => waiting.get(data.id)?.(data);
  return started;
}

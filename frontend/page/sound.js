/** Decoding, and the page's side of the Worker. */

import { ApiError } from "../api.js";
import { SAMPLE_RATE } from "../core/parts.js";

/** @type {Worker | undefined} */
let worker;
let lastId = 0;
/** @type {Map<number, (message: FromWorker) => void>} */
const waiting = new Map();

/** The file's channels at 22,050 Hz; null where this browser cannot read it. @param {File} file */
export async function decode(file) {
	try {
		const sound = await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(await file.arrayBuffer());
		return Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i).slice());
	} catch {
		return null;
	}
}

/** In seconds; 0 where the player does not know. @param {HTMLAudioElement} player @returns {Promise<number>} */
export const lengthIn = (player) => new Promise((resolve) => {
	player.onloadedmetadata = player.onerror = () => resolve(Number.isFinite(player.duration) ? player.duration : 0);
});

/** @param {Blob} blob @returns {Promise<string>} */
export const toBase64 = (blob) => new Promise((resolve, reject) => {
	const reader = new FileReader();
	reader.onload = () => resolve(String(reader.result).split(",")[1]);
	reader.onerror = () => reject(new ApiError("lost_file"));
	reader.readAsDataURL(blob);
});

/** Comes to the number of samples. @param {Float32Array<ArrayBuffer>[]} channels @param {() => void} drawn @returns {Promise<number>} */
export const hold = (channels, drawn) => new Promise((resolve) => {
	ask({ channels }, channels.map((channel) => channel.buffer), (message) => {
		if (message.drawn) drawn();
		else resolve(message.samples ?? 0);
	});
});

/** @param {HTMLCanvasElement} element */
export function giveCanvas(element) {
	const canvas = element.transferControlToOffscreen();
	ask({ canvas }, [canvas]);
}

/** @param {View} view */
export const draw = (view) => ask({ view });

/** Samples as a WAV file. @type {(part: Stretch, as: "base64" | "file") => Promise<FromWorker>} */
export const cutWav = (part, as) => new Promise((resolve) => ask({ wav: { ...part, as } }, [], resolve));

/** @param {Omit<ToWorker, "id">} message @param {Transferable[]} [moved] @param {(message: FromWorker) => void} [answered] */
function ask(message, moved = [], answered) {
	worker ??= startWorker();
	if (answered) waiting.set(++lastId, answered);
	worker.postMessage({ id: lastId, ...message }, moved);
}

function startWorker() {
	const started = new Worker("sound-worker.js", { type: "module" });
	started.onmessage = ({ data }) => {
		waiting.get(data.id)?.(data);
		if (!data.samples) waiting.delete(data.id);
	};
	return started;
}

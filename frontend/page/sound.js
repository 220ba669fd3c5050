/** Decoding, and the page's side of the Worker. */

import { ApiError } from "../api.js";
import { SAMPLE_RATE } from "../core/parts.js";

/** @type {Worker | undefined} */
let worker;
let lastId = 0;
/** @type {Map<number, (message: FromWorker) => void>} */
const waiting = new Map();

/** The file's channels at 44,100 Hz, or a WAV's own 22,050; null where this browser cannot read it. @param {File} file */
export async function decode(file) {
	try {
		const bytes = await file.arrayBuffer();
		const same = new DataView(bytes).getUint32(24, true) === SAMPLE_RATE;
		const sound = await new OfflineAudioContext(1, 1, same ? SAMPLE_RATE : 2 * SAMPLE_RATE).decodeAudioData(bytes);
		return { same, channels: Array.from({ length: sound.numberOfChannels }, (_, i) => sound.getChannelData(i)) };
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

/** Comes to the number of samples. @type {(sound: Sound, drawn: () => void) => Promise<number>} */
export const hold = (sound, drawn) => new Promise((resolve) => {
	ask({ sound }, sound.channels.map((channel) => channel.buffer), (message) => {
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

/** Samples as a WAV file. @type {(wav: Stretch) => Promise<FromWorker>} */
export const cutWav = (wav) => new Promise((resolve) => ask({ wav }, [], resolve));

/** @param {Omit<ToWorker, "id">} message @param {Transferable[]} [moved] @param {Answered} [answered] */
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

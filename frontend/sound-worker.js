/** Holds the samples, draws them and cuts parts, off the page's thread. */

import { SAMPLE_RATE } from "./core/parts.js";
import { loudest, paint, span } from "./core/picture.js";
import { halve } from "./core/resample.js";
import { BINS, HOP, countColumns, loudness } from "./core/spectrum.js";
import { encodeWav } from "./core/wav.js";

const SLICE_COLUMNS = 1_500;
const PICTURE_SHARE = 0.8;
const INK = "#17634a";

/** @type {Float32Array} */
let samples = new Float32Array(0);
let bytes = new Uint8Array(0);
let peaks = new Float32Array(0);
let top = 0;
let tallest = 0;
/** @type {OffscreenCanvas} */
let canvas;
/** @type {View | undefined} */
let view;

onmessage = (/** @type {MessageEvent<ToWorker>} */ { data: asked }) => {
	canvas = asked.canvas ?? canvas;
	view = asked.view ?? view;
	if (asked.view) draw();
	if (asked.sound) load(asked.sound, asked.id);
	if (!asked.wav) return;
	const file = encodeWav(samples.subarray(asked.wav.start, asked.wav.end), SAMPLE_RATE);
	answer(asked.id, { file, base64: new Blob([new FileReaderSync().readAsDataURL(file).split(",")[1]]) });
};

/** @param {number} id @param {Omit<FromWorker, "id">} message */
const answer = (id, message) => postMessage({ id, ...message });

/** Looks at the sound slice by slice: between slices parts are cut and views drawn. @param {Sound} sound */
async function load({ channels, same }, id = 0) {
	const [mix, ...others] = channels; // As ffmpeg does it: all channels alike.
	for (const other of others) for (let i = 0; i < mix.length; i++) mix[i] += other[i];
	if (others.length) for (let i = 0; i < mix.length; i++) mix[i] /= channels.length;
	const mine = same ? mix : halve(mix);
	const columns = countColumns(mine.length);
	samples = mine;
	bytes = new Uint8Array(columns * BINS);
	peaks = new Float32Array(columns);
	top = tallest = 0;
	answer(id, { samples: mine.length });
	for (let from = 0; from < columns; from += SLICE_COLUMNS) {
		await new Promise((resolve) => setTimeout(resolve));
		if (mine !== samples) return;
		look(from, Math.min(columns, from + SLICE_COLUMNS));
		draw();
	}
	answer(id, { drawn: true });
}

function look(from = 0, to = 0) {
	const slice = loudness(samples, from, to);
	bytes.set(slice, from * BINS);
	top = Math.max(top, loudest(slice));
	for (let column = from; column < to; column++) {
		peaks[column] = samples.subarray(column * HOP, (column + 1) * HOP).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
		tallest = Math.max(tallest, peaks[column]);
	}
}

function draw() {
	const context = canvas?.getContext("2d");
	if (!view || !context || !bytes.length) return;
	const { width, height, colour } = view;
	Object.assign(canvas, { width, height });
	const [from, to] = [view.from, view.to].map((seconds) => (seconds * SAMPLE_RATE) / HOP);
	const picture = new OffscreenCanvas(width, BINS);
	picture.getContext("2d")?.putImageData(paint(bytes, { from, to, width, colour, top }), 0, 0);
	const below = Math.round(height * PICTURE_SHARE);
	context.drawImage(picture, 0, 0, width, BINS, 0, 0, width, below);
	context.fillStyle = INK;
	for (let x = 0; x < width; x++) {
		const peak = peaks.subarray(...span(from, to, x, width)).reduce((most, each) => Math.max(most, each), 0);
		const tall = Math.max(1, (peak / (tallest || 1)) * (height - below) * 0.9);
		context.fillRect(x, (height + below - tall) / 2, 1, tall);
	}
}

/** Loudness as pixels. */

import { BINS } from "./spectrum.js";

// Half decibels below the loudest sound above 200 Hz.
const RANGE = 130;
const FIRST_BIN = 4;
const SHY = 1.5; // Noise stays pale.
const GREYS = [[255, 253, 248], [180, 190, 184], [70, 90, 84], [8, 20, 16]];
const COLOURS = [[10, 20, 44], [40, 60, 118], [28, 132, 128], [146, 200, 92], [255, 240, 150]];

/** The loudest byte that is no rumble. @param {Uint8Array} bytes */
export const loudest = (bytes) => bytes.reduce((most, byte, i) => (byte > most && i % BINS >= FIRST_BIN ? byte : most), 0);

/** One colour a byte, as little-endian RGBA. */
function inks(colour = false, top = 0) {
	const stops = colour ? COLOURS : GREYS;
	return Uint32Array.from({ length: 256 }, (_, byte) => {
		const at = Math.max(0, Math.min(1, (byte - top) / RANGE + 1)) ** SHY * (stops.length - 1);
		const low = Math.min(stops.length - 2, Math.floor(at));
		return stops[low].reduce((ink, from, i) => ink | (Math.round(from + (at - low) * (stops[low + 1][i] - from)) << (8 * i)), 255 << 24);
	});
}

/**
 * Columns `from` to `to` as width x 216 pixels. Each is its loudest value: short calls stay visible from afar.
 * @param {Uint8Array} bytes @param {{from: number, to: number, width: number, colour: boolean, top: number}} view
 */
export function paint(bytes, { from, to, width, colour, top }) {
	const palette = inks(colour, top);
	const pixels = new Uint32Array(width * BINS);
	const column = new Uint8Array(BINS);
	for (let x = 0; x < width; x++) {
		const [first, end] = span(from, to, x, width);
		column.fill(0);
		for (let at = first * BINS; at < Math.min(end * BINS, bytes.length); at++) {
			if (bytes[at] > column[at % BINS]) column[at % BINS] = bytes[at];
		}
		for (let k = 0; k < BINS; k++) pixels[(BINS - 1 - k) * width + x] = palette[column[k]];
	}
	return new ImageData(new Uint8ClampedArray(pixels.buffer), width, BINS);
}

export function span(from = 0, to = 0, x = 0, width = 0) {
	const first = Math.floor(from + (x / width) * (to - from));
	return [first, Math.max(first + 1, Math.floor(from + ((x + 1) / width) * (to - from)))];
}

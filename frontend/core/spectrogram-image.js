/** Loudness as pixels. */

import {BINS} from "./stft.js"

// Half decibels below the loudest sound above 200 Hz.
const RANGE = 130
const FIRST_BIN = 4
const GAMMA = 1.5 // Keeps noise pale.
// RGB, from silence to the loudest.
const GREYS = [0xfffdf8, 0xb4beb8, 0x465a54, 0x081410]
const COLOURS = [0x0a142c, 0x283c76, 0x1c8480, 0x92c85c, 0xfff096]

/** Return the loudest byte above 200 Hz. @param {Uint8Array} bytes */
export const loudest = bytes =>
	bytes.reduce((most, byte, i) => (byte > most && i % BINS >= FIRST_BIN ? byte : most), 0)

/** Return one colour for each byte, as little-endian RGBA. */
function toPalette(colour = false, top = 0) {
	const stops = colour ? COLOURS : GREYS
	return Uint32Array.from({length: 256}, (_, byte) => {
		const at = Math.max(0, Math.min(1, (byte - top) / RANGE + 1)) ** GAMMA * (stops.length - 1)
		const low = Math.min(stops.length - 2, Math.floor(at))
		return [16, 8, 0].reduce((rgba, shift) => {
			const [from, to] = [stops[low], stops[low + 1]].map(rgb => (rgb >> shift) & 255)
			return rgba | (Math.round(from + (at - low) * (to - from)) << (16 - shift))
		}, 255 << 24)
	})
}

/**
 * Return columns `from` to `to` as width x 216 pixels. A pixel shows the loudest of its columns, so
 * that short calls stay visible from afar.
 * @param {Uint8Array} bytes @param {ImageView} view
 */
export function paint(bytes, {from, to, width, colour, top}) {
	const palette = toPalette(colour, top)
	const pixels = new Uint32Array(width * BINS)
	const column = new Uint8Array(BINS)
	for (let x = 0; x < width; x++) {
		const [first, end] = columnsAt(from, to, x, width)
		column.fill(0)
		for (let at = first * BINS; at < Math.min(end * BINS, bytes.length); at++) {
			if (bytes[at] > column[at % BINS]) column[at % BINS] = bytes[at]
		}
		for (let k = 0; k < BINS; k++) pixels[(BINS - 1 - k) * width + x] = palette[column[k]]
	}
	return new ImageData(new Uint8ClampedArray(pixels.buffer), width, BINS)
}

/** Return the columns [first, end) behind pixel x; at least one. */
export function columnsAt(from = 0, to = 0, x = 0, width = 0) {
	const first = Math.floor(from + (x / width) * (to - from))
	return [first, Math.max(first + 1, Math.floor(from + ((x + 1) / width) * (to - from)))]
}

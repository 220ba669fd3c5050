/** What the network sees of a window: spectrogram_fn/spectrogram.py, to the byte. */

import {SAMPLE_RATE, WINDOW} from "./chunks.js"
import {countColumns, toPower} from "./stft.js"

const SILENT_RMS = 32_768 * 1e-4 // -80 dB of full scale.
const RANGE_DECIBELS = 80
const LEAST_POWER = 1e-8
const SEGMENT = 430
const LOUDEST_FROM = Math.ceil((200 * SEGMENT) / SAMPLE_RATE)

/** A short window is repeated until it fills 5 s. @param {Int16Array<ArrayBuffer>} samples */
export function fill(samples) {
	if (samples.length >= WINDOW) return samples.subarray(0, WINDOW)
	return Int16Array.from({length: WINDOW}, (_, i) => samples[i % samples.length])
}

/**
 * Return [216 x 514] bytes, null where it is silent. Plain loops: callbacks take three times as
 * long, and a name waits for each look.
 * @param {Int16Array<ArrayBuffer>} window
 */
export function toInput(window) {
	let [sum, squares] = [0, 0]
	for (let i = 0; i < window.length; i++) {
		sum += window[i]
		squares += window[i] * window[i]
	}
	const mean = sum / window.length
	if (squares / window.length - mean * mean < SILENT_RMS ** 2) return null
	const powers = toPower(window, mean)
	const above = highest(powers, LOUDEST_FROM * countColumns(window.length))
	const top = Math.max(above, highest(powers) * LEAST_POWER)
	const bytes = new Uint8Array(powers.length)
	for (let i = 0; i < bytes.length; i++) {
		const decibels = 10 * Math.log10(powers[i] / top)
		bytes[i] = Math.round(255 * Math.max(0, Math.min(1, 1 + decibels / RANGE_DECIBELS)))
	}
	return bytes
}

/** @param {Float64Array} powers */
function highest(powers, from = 0) {
	let most = 0
	for (let i = from; i < powers.length; i++) most = Math.max(most, powers[i])
	return most
}

/** What the network sees of a window: spectrogram_fn/spectrogram.py, to the byte. */

import {SAMPLE_RATE, WINDOW} from "./chunks.js"
import {BINS, toPower} from "./stft.js"

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

/** Return [216 x 514] bytes, null where it is silent. @param {Int16Array<ArrayBuffer>} window */
export function toInput(window) {
	const mean = window.reduce((sum, x) => sum + x, 0) / window.length
	const energy = window.reduce((sum, x) => sum + (x - mean) ** 2, 0)
	if (Math.sqrt(energy / window.length) < SILENT_RMS) return null
	const powers = toPower(window, mean)
	const columns = powers.length / BINS
	const above = highest(powers.subarray(LOUDEST_FROM * columns))
	const top = Math.max(above, highest(powers) * LEAST_POWER)
	return Uint8Array.from(powers, power => toByte(10 * Math.log10(power / top)))
}

const toByte = (decibels = 0) =>
	Math.round(255 * Math.max(0, Math.min(1, 1 + decibels / RANGE_DECIBELS)))

/** @param {Float64Array} powers */
const highest = powers => powers.reduce((most, power) => Math.max(most, power), 0)

/** Any rate -> 22,050 Hz with the filter of ffmpeg's libswresample: what the API hears. */

import {SAMPLE_RATE} from "./chunks.js"

// Its defaults.
const ZERO_CROSSINGS = 16
const CUTOFF = 0.97
const KAISER_BETA = 9
const MOST_PHASES = 1024
const BLOCK = 2 ** 16

/** Takes a stream; what is before its beginning is silent. */
export class Resampler {
	/** @param {number} rate in Hz */
	constructor(rate) {
		this.rate = rate
		this.factor = Math.min(1, (CUTOFF * SAMPLE_RATE) / rate)
		/** The filter reaches so many samples ahead, and one less behind. */
		this.reach = Math.ceil(ZERO_CROSSINGS / this.factor)
		const phases = Math.min(MOST_PHASES, SAMPLE_RATE / divisor(rate, SAMPLE_RATE))
		this.filters = Array.from({length: phases}, (_, i) => this.filter(i / phases))
		const norm = this.filters[0].reduce((sum, x) => sum + x)
		for (const filter of this.filters) filter.forEach((x, i) => (filter[i] = x / norm))
		/** The end of what came: the filter still reaches it. */
		this.rest = new Float32Array(this.reach - 1)
		/** Samples that came, and that were returned. */
		this.came = this.done = 0
	}

	/** Of a sample that lies so far behind a whole place. */
	filter(part = 0) {
		return Float64Array.from({length: 2 * this.reach}, (_, i) => {
			const distance = i - this.reach + 1 - part
			const x = Math.PI * distance * this.factor
			const edge = Math.sqrt(Math.max(0, 1 - (distance / this.reach) ** 2))
			return (x ? Math.sin(x) / x : 1) * bessel(KAISER_BETA * edge)
		})
	}

	/** @param {Samples} sound @returns {Float32Array<ArrayBuffer>} */
	push(sound) {
		const near = new Float32Array(this.rest.length + sound.length)
		near.set(this.rest)
		near.set(sound, this.rest.length)
		this.came += sound.length
		const [first, ready] = [this.came - near.length, this.came - this.reach]
		const end = Math.max(this.done, Math.ceil((ready * SAMPLE_RATE) / this.rate))
		const out = new Float32Array(end - this.done)
		for (let i = 0; i < out.length; i++) {
			const [whole, part] = this.place(this.done + i)
			const filter = this.filters[Math.floor((part * this.filters.length) / SAMPLE_RATE)]
			const from = whole - this.reach + 1 - first
			let sum = 0
			for (let k = 0; k < filter.length; k++) sum += filter[k] * near[from + k]
			out[i] = sum
		}
		this.done = end
		this.rest = near.slice(Math.max(0, this.place(end)[0] - this.reach + 1 - first))
		return out
	}

	/** Return where the n-th sample lies: a whole place, and parts of SAMPLE_RATE behind it. */
	place(n = 0) {
		const whole = Math.floor((n * this.rate) / SAMPLE_RATE)
		return [whole, n * this.rate - whole * SAMPLE_RATE]
	}
}

/** The whole of a sound, mirrored at both ends as far as ffmpeg does. @type {Resample} */
export const resample = (sound, rate) => {
	if (rate === SAMPLE_RATE) return sound
	const resampler = new Resampler(rate)
	const {reach} = resampler
	resampler.rest.forEach((_, i, rest) => (rest[i] = sound[reach - 1 - i] ?? 0))
	const out = new Float32Array(Math.ceil((sound.length * SAMPLE_RATE) / rate))
	for (let from = 0; from < sound.length; from += BLOCK) {
		const at = resampler.done
		out.set(resampler.push(sound.subarray(from, from + BLOCK)), at)
	}
	const end = sound.slice(-Math.ceil(resampler.rest.length / 2)).reverse()
	const at = resampler.done
	out.set(resampler.push(end), at)
	return out.subarray(0, resampler.done)
}

/** The greatest common one. @type {(a: number, b: number) => number} */
const divisor = (a, b) => (b ? divisor(b, a % b) : a)

/** The modified Bessel function of the first kind, of order 0. */
function bessel(x = 0) {
	let [sum, term] = [1, 1]
	for (let k = 1; term > sum * 1e-17; k++) sum += term *= (x / 2 / k) ** 2
	return sum
}

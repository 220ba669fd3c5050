/** A stream of any rate -> 22,050 Hz, with the filter of core/resample.js. */

import {SAMPLE_RATE} from "./chunks.js"

// Zero crossings of the filter on each side, and its edge in parts of the lower Nyquist rate.
const CROSSINGS = 16.5
const EDGE = 0.97

export class Resampler {
	/** @param {number} rate in Hz */
	constructor(rate) {
		const slow = Math.max(1, rate / SAMPLE_RATE)
		this.step = rate / SAMPLE_RATE
		this.cutoff = EDGE / slow
		this.reach = CROSSINGS * slow
		this.margin = Math.ceil(this.reach)
		/** The end of what came: the filter still reaches it. */
		this.rest = new Float32Array(this.margin)
		/** Where in `rest` the next sample lies. */
		this.next = this.margin
		/** A rate has few places between two samples. @type {Map<number, Float64Array>} */
		this.filters = new Map()
	}

	/** @param {Int16Array} pcm @returns {Int16Array<ArrayBuffer>} */
	push(pcm) {
		const sound = new Float32Array(this.rest.length + pcm.length)
		sound.set(this.rest)
		sound.set(pcm, this.rest.length)
		const ahead = sound.length - this.margin - this.next
		const out = new Int16Array(Math.max(0, Math.ceil(ahead / this.step)))
		for (let i = 0; i < out.length; i++, this.next += this.step) {
			const whole = Math.floor(this.next)
			const filter = this.filterAt(Math.round((this.next - whole) * SAMPLE_RATE))
			const from = whole - this.margin
			let sum = 0
			for (let k = 0; k < filter.length; k++) sum += filter[k] * sound[from + k]
			out[i] = Math.max(-32768, Math.min(32767, Math.round(sum)))
		}
		const done = Math.max(0, Math.floor(this.next) - this.margin)
		this.rest = sound.slice(done)
		this.next -= done
		return out
	}

	/** Of samples that lie so many parts of SAMPLE_RATE behind a whole place. */
	filterAt(parts = 0) {
		const known = this.filters.get(parts)
		if (known) return known
		const made = Float64Array.from({length: 2 * this.margin + 1}, (_, i) => {
			const distance = i - this.margin - parts / SAMPLE_RATE
			if (Math.abs(distance) > this.reach) return 0
			const x = Math.PI * this.cutoff * distance
			const turn = (Math.PI * distance) / this.reach
			const blackman = 0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn)
			return this.cutoff * (x ? Math.sin(x) / x : 1) * blackman
		})
		this.filters.set(parts, made)
		return made
	}
}

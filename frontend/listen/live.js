/** Listens: keeps the sound, looks at the last 5 s each second, judges each window of the grid. */

import {SAMPLE_RATE, WINDOW, cutChunks} from "../core/chunks.js"
import {Resampler} from "../core/resample.js"
import {Tally} from "../core/tally.js"
import {toPcm} from "../core/wav.js"

const WINDOW_SECONDS = WINDOW / SAMPLE_RATE
// Older seconds lie in blobs, which the browser may move to its disk.
const KEPT_SECONDS = 60
const FULL_SCALE = 32_768

export class Live {
	/** @param {number} rate @param {Promise<Network>} network @param {OnLook} onLook */
	constructor(rate, network, onLook) {
		this.resampler = new Resampler(rate)
		this.onLook = onLook
		/** Whole seconds, from the first that is in no blob. @type {Int16Array<ArrayBuffer>[]} */
		this.seconds = []
		/** @type {Blob[]} */
		this.blobs = []
		/** The second that is not whole yet. @type {Int16Array<ArrayBuffer>} */
		this.rest = new Int16Array(0)
		/** @type {Judged[]} */
		this.windows = []
		this.looked = 0
		/** @type {Promise<void>} */
		this.work = Promise.resolve()
		this.network = network
		network.then(found => this.begin(found)).catch(() => {})
	}

	/** @param {Network} network */
	begin(network) {
		const {pooling, birds} = network.constants.settings
		this.judge = network.judge
		this.tally = new Tally(birds ? {...pooling, birds} : pooling)
		this.wake()
	}

	/** The number of whole seconds. */
	get length() {
		return this.blobs.length * KEPT_SECONDS + this.seconds.length
	}

	/** @param {Int16Array<ArrayBuffer>} pcm as the microphone gives it */
	push(pcm) {
		const sound = join([this.rest, toPcm(this.resampler.push(pcm), FULL_SCALE)])
		let at = 0
		for (; at + SAMPLE_RATE <= sound.length; at += SAMPLE_RATE) {
			this.seconds.push(sound.slice(at, at + SAMPLE_RATE))
		}
		this.rest = sound.slice(at)
		if (at) this.wake()
	}

	/** One thing at a time; looks that come too late are left out. */
	wake() {
		this.work = this.work.then(() => this.next())
	}

	/** @returns {Promise<void>} */
	async next() {
		await messages()
		const {judge, tally} = this
		if (!judge || !tally) return
		const open = this.windows.length * WINDOW_SECONDS
		const windowed = this.length >= open + WINDOW_SECONDS
		const now = windowed ? open + WINDOW_SECONDS : this.length
		if (now <= this.looked) return
		const from = windowed ? open : Math.max(0, now - WINDOW_SECONDS)
		const judged = await judge(this.between(from, now))
		this.looked = now
		this.onLook({seconds: now, birds: tally.add(this.windows, judged, now)})
		if (windowed) this.windows.push(judged)
		this.store()
		return this.next()
	}

	/** Samples of whole seconds that are in no blob. */
	between(from = 0, to = 0) {
		const first = this.blobs.length * KEPT_SECONDS
		return join(this.seconds.slice(from - first, to - first))
	}

	store() {
		const judged = this.windows.length * WINDOW_SECONDS - this.blobs.length * KEPT_SECONDS
		if (judged < KEPT_SECONDS + WINDOW_SECONDS) return
		this.blobs.push(new Blob(this.seconds.splice(0, KEPT_SECONDS)))
	}

	/** Return the sound, and its windows where there was a network. @returns {Promise<LiveEnd>} */
	async end() {
		const samples = this.length * SAMPLE_RATE + this.rest.length
		const sound = new Blob([...this.blobs, ...this.seconds, this.rest])
		if (!this.judge) return {sound, samples}
		this.wake()
		await this.work
		const first = this.blobs.length * KEPT_SECONDS * SAMPLE_RATE
		const left = join([...this.seconds, this.rest])
		for (const {start, end} of cutChunks(0, samples, WINDOW).slice(this.windows.length)) {
			this.windows.push(await this.judge(left.subarray(start - first, end - first)))
		}
		return {sound, samples, windows: this.windows}
	}
}

/** Let the sound in that waits: between two promises alone a worker reads no message. */
const messages = () => new Promise(resolve => setTimeout(resolve))

/** @param {Int16Array[]} parts */
function join(parts) {
	const whole = new Int16Array(parts.reduce((sum, each) => sum + each.length, 0))
	let at = 0
	for (const each of parts) {
		whole.set(each, at)
		at += each.length
	}
	return whole
}

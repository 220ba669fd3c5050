/** Channels -> one of 16 bits: "From a file to one channel" of docs/contracts.md. */

import {resample} from "./resample.js"
import {toPcm} from "./wav.js"

const SILENT_POWER = 1e-8
const QUIET_PEAK = 1 / 64
const RAISED_PEAK = 0.5
const MAX_GAIN = 1e5

/** Return the sound at 22,050 Hz; null where it holds no number. @type {ToMono} */
export const toMono = (channels, rate, mayRaise) => {
	// All of them, first: a broken number would spoil the mean, and all that the filter reaches.
	if (!channels.map(clean).some(Boolean)) return null
	// One by one, so that an hour is not held twice.
	channels.forEach((each, i) => (channels[i] = resample(each, rate)))
	const mean = channels.length > 1 ? meanOf(channels) : channels[0]
	const loud = channels.length > 1 ? choose(measure(mean).power, channels) : -1
	const sound = loud < 0 ? mean : channels[loud]
	const {offset, peak} = measure(sound)
	const factor = mayRaise ? gain(peak) : 1
	if (factor === 1) return loud < 0 ? toMeanPcm(channels) : toPcm(sound)
	for (let i = 0; i < sound.length; i++) sound[i] = (sound[i] - offset) * factor
	return toPcm(sound)
}

/** As the API: each channel is rounded, their mean is cut. @type {MeanPcm} */
const toMeanPcm = channels => {
	const [mean, ...others] = channels.map(each => toPcm(each))
	for (let i = 0; i < mean.length; i++) {
		let sum = mean[i]
		for (const each of others) sum += each[i]
		mean[i] = Math.floor(sum / channels.length)
	}
	return mean
}

/** NaN and infinity count as 0; return whether there is more. @param {Float32Array} sound */
function clean(sound) {
	let numbers = 0
	for (let i = 0; i < sound.length; i++) Number.isFinite(sound[i]) ? numbers++ : (sound[i] = 0)
	return numbers > 0
}

/** @type {(channels: Sound["channels"]) => Sound["channels"][0]} */
const meanOf = channels => {
	const mean = new Float32Array(channels[0].length)
	for (const each of channels) for (let i = 0; i < mean.length; i++) mean[i] += each[i]
	for (let i = 0; i < mean.length; i++) mean[i] /= channels.length
	return mean
}

/**
 * Return the loudest channel, the first of equals, where the mean is nothing; -1 otherwise.
 * @param {number} power of the mean @param {Float32Array[]} channels
 */
function choose(power, channels) {
	const powers = channels.map(each => measure(each).power)
	const loudest = Math.max(...powers)
	const cancel = channels.length ** 2 * power < loudest / 2
	const silent = power < SILENT_POWER && loudest >= SILENT_POWER
	return cancel || silent ? powers.indexOf(loudest) : -1
}

/** Its mean, and without it its peak and power, as the API has them. @param {Float32Array} sound */
function measure(sound) {
	const offset = sound.reduce((sum, x) => sum + x, 0) / sound.length
	let [peak, energy] = [0, 0]
	for (const x of sound) {
		peak = Math.max(peak, Math.abs(x))
		energy += (x - offset) ** 2
	}
	return {offset, peak: Math.max(0, peak - Math.abs(offset)), power: energy / sound.length}
}

/** What brings a peak into the range of 16 bits. */
export const gain = (peak = 0) =>
	!peak || (peak >= QUIET_PEAK && peak <= 1) ? 1 : Math.min(RAISED_PEAK / peak, MAX_GAIN)

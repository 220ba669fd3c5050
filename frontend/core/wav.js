/** WAV files: 16-bit PCM, mono. */

// Four letters each, as little-endian numbers.
const [RIFF, WAVE, FMT, DATA] = [0x46464952, 0x45564157, 0x20746d66, 0x61746164]
const PCM_MONO = 0x10001
const TWO_BYTES_OF_16_BITS = 0x100002

export function wavHeader(count = 0, rate = 0) {
	const format = [FMT, 16, PCM_MONO, rate, 2 * rate, TWO_BYTES_OF_16_BITS]
	return Uint32Array.of(RIFF, 36 + 2 * count, WAVE, ...format, DATA, 2 * count)
}

/** @param {Float32Array} samples up to +-`full` */
export const toPcm = (samples, full = 1) =>
	Int16Array.from(samples, x => Math.max(-32768, Math.min(32767, Math.round((x * 32768) / full))))

/** @param {Samples} samples floats in [-1, 1], or PCM @param {number} rate in Hz */
export function encodeWav(samples, rate) {
	const pcm = samples instanceof Int16Array ? samples : toPcm(samples)
	return new Blob([wavHeader(pcm.length, rate), pcm], {type: "audio/wav"})
}

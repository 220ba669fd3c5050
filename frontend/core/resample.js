/** From 44,100 to 22,050 Hz as ffmpeg does, so that the network hears the same. */

const REACH = 33
const CUTOFF = 0.485 // 0.97 of half the new rate.
const filter = Float64Array.from({length: 2 * REACH + 1}, (_, i) => {
	const x = Math.PI * CUTOFF * (i - REACH)
	const turn = (Math.PI * (i - REACH)) / REACH
	const blackman = 0.42 + 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn)
	return CUTOFF * (x ? Math.sin(x) / x : 1) * blackman
})

/** @param {Float32Array} sound */
export function halve(sound) {
	const half = new Float32Array(Math.ceil(sound.length / 2))
	for (let i = 0; i < half.length; i++) {
		const from = 2 * i - REACH
		const end = Math.min(filter.length, sound.length - from)
		let sum = 0
		for (let j = Math.max(0, -from); j < end; j++) sum += filter[j] * sound[from + j]
		half[i] = sum
	}
	return half
}

/**
 * The report's short-time Fourier transform. 430 = 10 x 43: ten transforms of 43, then sums of ten
 * (Good and Thomas). Sample 43 a + 10 b (mod 430) goes to row a, column b; frequency k is k mod 43
 * of each row, k mod 10 across.
 */

const SIZE = 430
export const HOP = 215
export const BINS = 216
const ROWS = 10
const COLUMNS = 43
const HALF = 22

const all = {length: SIZE}
// As scipy's, divided by its sum: a full sine comes out as 0.5.
const hann = Float64Array.from(all, (_, i) => (1 - Math.cos((2 * Math.PI * i) / SIZE)) / SIZE)
const order = Uint16Array.from(all, (_, i) => (i + (ROWS - 1) * (i % COLUMNS)) % SIZE)
const [cos43, sin43, cos10, sin10] = [COLUMNS, ROWS].flatMap(n =>
	[Math.cos, Math.sin].map(wave =>
		Float64Array.from({length: n * n}, (_, at) =>
			wave((2 * Math.PI * Math.floor(at / n) * (at % n)) / n)
		)
	)
)

const rows = new Float64Array(SIZE)
const even = new Float64Array(HALF)
const odd = new Float64Array(HALF)
const re = new Float64Array(SIZE)
const im = new Float64Array(SIZE)

/** Cosines take the even part of a row, sines the odd one; the upper half mirrors the lower. */
function transformRows() {
	for (let row = 0; row < SIZE; row += COLUMNS) {
		for (let b = 1; b < HALF; b++) {
			even[b] = rows[row + b] + rows[row + COLUMNS - b]
			odd[b] = rows[row + b] - rows[row + COLUMNS - b]
		}
		for (let k = 0; k < HALF; k++) {
			let x = rows[row]
			let y = 0
			for (let b = 1, turn = k * COLUMNS + 1; b < HALF; b++, turn++) {
				x += even[b] * cos43[turn]
				y -= odd[b] * sin43[turn]
			}
			const mirror = row + ((COLUMNS - k) % COLUMNS)
			re[row + k] = re[mirror] = x
			im[mirror] = -y
			im[row + k] = y
		}
	}
}

function powerAt(k = 0) {
	let x = 0
	let y = 0
	for (let at = k % COLUMNS, turn = (k % ROWS) * ROWS; at < SIZE; at += COLUMNS, turn++) {
		x += re[at] * cos10[turn] + im[at] * sin10[turn]
		y += im[at] * cos10[turn] - re[at] * sin10[turn]
	}
	return x * x + y * y
}

/** The first is centred on sample 0, as scipy's. */
export const countColumns = (n = 0) => Math.ceil(n / HOP) + 1

/** Transform one column; its frequencies are then asked by powerAt. @type {TransformColumn} */
const transform = (samples, column, mean) => {
	for (let i = 0; i < SIZE; i++) {
		const at = (column - 1) * HOP + order[i]
		rows[i] = at >= 0 && at < samples.length ? hann[order[i]] * (samples[at] - mean) : 0
	}
	transformRows()
}

/**
 * Return columns [from, to) as bytes, half decibels above -127.5 dB of full scale, at
 * [(column - from) * 216 + k].
 * @param {Samples} samples
 */
export function loudness(samples, from = 0, to = 0, fullScale = 1) {
	const bytes = new Uint8Array((to - from) * BINS)
	for (let column = from, at = 0; column < to; column++) {
		transform(samples, column, 0)
		for (let k = 0; k < BINS; k++) {
			const power = powerAt(k) / fullScale ** 2
			const halfDecibels = Math.round(20 * Math.log10(power + 1e-14) + 255)
			bytes[at++] = Math.max(0, Math.min(255, halfDecibels))
		}
	}
	return bytes
}

/** Return the powers [216 x columns], row by row. @param {Samples} samples @param {number} mean */
export function toPower(samples, mean) {
	const columns = countColumns(samples.length)
	const powers = new Float64Array(BINS * columns)
	for (let column = 0; column < columns; column++) {
		transform(samples, column, mean)
		for (let k = 0; k < BINS; k++) powers[k * columns + column] = powerAt(k)
	}
	return powers
}

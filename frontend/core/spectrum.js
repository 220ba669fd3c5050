/**
 * The report's short-time Fourier transform: 430 samples, Hann, 50 % overlap, 216 frequencies up to 11,025 Hz.
 * 430 = 10 x 43 and the two share no divisor, so that a transform of 430 is one of 43 and one of 10 (Good and Thomas),
 * with no twiddle factors between: sample (43 a + 10 b) mod 430 belongs to row a, and frequency k is k mod 10, k mod 43.
 */

export const SEGMENT = 430;
export const HOP = 215;
export const BINS = 216;
const ROWS = 10;
const COLUMNS = 43;
const HALF = 22;

// Sampled at whole periods, as scipy does, and divided by its sum, so that a full sine comes out as 0.5.
const hann = Float32Array.from({ length: SEGMENT }, (_, i) => (1 - Math.cos((2 * Math.PI * i) / SEGMENT)) / SEGMENT);
const place = Uint16Array.from({ length: SEGMENT }, (_, i) => (COLUMNS * Math.floor(i / COLUMNS) + ROWS * (i % COLUMNS)) % SEGMENT);
const long = roots(COLUMNS);
const short = roots(ROWS);

/** cos and -sin of i j / n turns, at [i * n + j]. @param {number} n */
function roots(n) {
  const turn = (/** @type {number} */ at) => (2 * Math.PI * ((Math.floor(at / n) * (at % n)) % n)) / n;
  return {
    re: Float64Array.from({ length: n * n }, (_, at) => Math.cos(turn(at))),
    im: Float64Array.from({ length: n * n }, (_, at) => -Math.sin(turn(at))),
  };
}

const rowRe = new Float64Array(SEGMENT);
const rowIm = new Float64Array(SEGMENT);
const rows = new Float64Array(SEGMENT);
const even = new Float64Array(HALF);
const odd = new Float64Array(HALF);

/**
 * The power of one segment at 216 frequencies.
 * @param {Float32Array} samples
 * @param {number} start where the segment starts; it may hang over either end, where there is silence
 * @param {Float32Array} power [216], written
 */
export function segmentPower(samples, start, power) {
  for (let i = 0; i < SEGMENT; i++) {
    const at = start + place[i];
    rows[i] = at >= 0 && at < samples.length ? hann[place[i]] * samples[at] : 0;
  }
  transformRows();
  for (let k = 0; k < BINS; k++) {
    let re = 0;
    let im = 0;
    for (let a = 0, turn = (k % ROWS) * ROWS, at = k % COLUMNS; a < ROWS; a++, turn++, at += COLUMNS) {
      re += rowRe[at] * short.re[turn] - rowIm[at] * short.im[turn];
      im += rowRe[at] * short.im[turn] + rowIm[at] * short.re[turn];
    }
    power[k] = re * re + im * im;
  }
}

/** Ten transforms of 43 real samples: cosines take the even part, sines the odd one; the upper half mirrors the lower. */
function transformRows() {
  for (let row = 0; row < SEGMENT; row += COLUMNS) {
    for (let b = 1; b < HALF; b++) {
      even[b] = rows[row + b] + rows[row + COLUMNS - b];
      odd[b] = rows[row + b] - rows[row + COLUMNS - b];
    }
    for (let k = 0; k < HALF; k++) {
      let re = rows[row];
      let im = 0;
      for (let b = 1, turn = k * COLUMNS + 1; b < HALF; b++, turn++) {
        re += even[b] * long.re[turn];
        im += odd[b] * long.im[turn];
      }
      rowRe[row + k] = re;
      rowIm[row + k] = im;
      if (k) rowRe[row + COLUMNS - k] = re;
      if (k) rowIm[row + COLUMNS - k] = -im;
    }
  }
}

/** How many segments cover n samples; the first is centred on sample 0, as in scipy. @param {number} n */
export const countColumns = (n) => Math.ceil(n / HOP) + 1;

/**
 * Loudness of columns [from, to) as bytes: half decibels above -127.5 dB of full scale, at [(column - from) * 216 + bin].
 * @param {Float32Array} samples @param {number} from @param {number} to
 */
export function loudness(samples, from, to) {
  const bytes = new Uint8Array((to - from) * BINS);
  const power = new Float32Array(BINS);
  for (let column = from; column < to; column++) {
    segmentPower(samples, column * HOP - HOP, power);
    for (let k = 0; k < BINS; k++) bytes[(column - from) * BINS + k] = toByte(power[k]);
  }
  return bytes;
}

/** @param {number} power */
const toByte = (power) => Math.max(0, Math.min(255, Math.round(20 * Math.log10(power + 1e-14) + 255)));

/** Paints loudness into pixels: a spectrogram above, its waveform below. Used in the Worker only. */

import { BINS } from "./spectrum.js";

/** @import { Palette } from "../types" */

// The picture shows this range below the loudest sound above 200 Hz, in half decibels.
const RANGE = 130;
const FIRST_BIN = 4;

/** From quiet to loud. @type {Record<Palette, [number, number, number][]>} */
const STOPS = {
  paper: [[255, 253, 248], [178, 190, 184], [70, 92, 84], [8, 20, 16]],
  night: [[16, 27, 25], [58, 80, 73], [156, 184, 172], [244, 250, 240]],
  colour: [[10, 20, 44], [38, 60, 118], [28, 132, 128], [146, 200, 92], [255, 240, 150]],
};

/** The loudest byte that is no rumble. @param {Uint8Array} bytes */
export function loudest(bytes) {
  let most = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] > most && i % BINS >= FIRST_BIN) most = bytes[i];
  return most;
}

/**
 * One colour for each of the 256 bytes, as little-endian RGBA.
 * @param {Palette} palette @param {number} top the loudest byte
 */
export function colours(palette, top) {
  const stops = STOPS[palette];
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    const at = Math.max(0, Math.min(1, (byte - top + RANGE) / RANGE)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const [red, green, blue] = stops[low].map((from, i) => Math.round(from + (at - low) * (stops[low + 1][i] - from)));
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/**
 * Paints columns [from, to) into a picture of `width` x 216 pixels, low frequencies at the bottom. Each pixel is its
 * loudest value, so that a short call stays visible however far the view is zoomed out.
 * @param {{bytes: Uint8Array, from: number, to: number, width: number, palette: Uint32Array<ArrayBuffer>}} view
 */
export function paint({ bytes, from, to, width, palette }) {
  const pixels = new Uint32Array(width * BINS);
  const column = new Uint8Array(BINS);
  const last = bytes.length / BINS;
  for (let x = 0; x < width; x++) {
    const [first, end] = span(from, to, x / width, 1 / width);
    column.fill(0);
    for (let c = first; c < Math.min(end, last); c++) {
      for (let k = 0, at = c * BINS; k < BINS; k++, at++) if (bytes[at] > column[k]) column[k] = bytes[at];
    }
    for (let k = 0; k < BINS; k++) pixels[(BINS - 1 - k) * width + x] = palette[column[k]];
  }
  return new ImageData(new Uint8ClampedArray(pixels.buffer), width, BINS);
}

/**
 * The waveform's height at each pixel, in [0, 1].
 * @param {Float32Array} peaks the loudest sample of each column @param {number} from @param {number} to @param {number} width
 */
export function outline(peaks, from, to, width) {
  return Float32Array.from({ length: width }, (_, x) => Math.max(0, ...peaks.subarray(...span(from, to, x / width, 1 / width))));
}

/** @param {number} from @param {number} to @param {number} at @param {number} step @returns {[number, number]} */
function span(from, to, at, step) {
  const first = Math.max(0, Math.floor(from + at * (to - from)));
  return [first, Math.max(first + 1, Math.floor(from + (at + step) * (to - from)))];
}

/** The Worker that holds a recording's samples: it draws the spectrogram and cuts the parts, off the page's thread. */

import { SAMPLE_RATE } from "./core/parts.js";
import { colours, loudest, outline, paint } from "./core/picture.js";
import { BINS, HOP, countColumns, loudness } from "./core/spectrum.js";
import { encodeWav } from "./core/wav.js";

/** @import { ToWorker, FromWorker, View } from "./types" */

const SLICE_COLUMNS = 1_500;
const WAVE_SHARE = 0.2;

/** @type {Float32Array} */
let samples = new Float32Array(0);
let bytes = new Uint8Array(0);
let peaks = new Float32Array(0);
let top = 0;
let tallest = 0;
/** @type {OffscreenCanvas} */
let canvas;
/** @type {View | undefined} */
let view;

onmessage = ({ data }) => {
  /** @type {ToWorker} */
  const asked = data;
  if (asked.canvas) canvas = asked.canvas;
  if (asked.view) view = asked.view;
  if (asked.view) draw();
  if (asked.channels) load(asked.channels, asked.id);
  if (asked.wav) answer({ id: asked.id, ...cut(asked.wav) });
};

/** @param {FromWorker} message @param {Transferable[]} [moved] */
const answer = (message, moved = []) => postMessage(message, { transfer: moved });

/**
 * Mixes to mono, then looks at the sound slice by slice: between slices parts are cut and views drawn.
 * @param {Float32Array[]} channels @param {number} id
 */
async function load(channels, id) {
  samples = mix(channels);
  const mine = samples;
  const columns = countColumns(samples.length);
  bytes = new Uint8Array(columns * BINS);
  peaks = new Float32Array(columns);
  top = 0;
  tallest = 0.01;
  answer({ id, samples: samples.length });
  for (let from = 0; from < columns; from += SLICE_COLUMNS) {
    await new Promise((resolve) => setTimeout(resolve));
    if (mine !== samples) return;
    look(from, Math.min(columns, from + SLICE_COLUMNS));
    draw();
  }
  answer({ id, drawn: true });
}

/** As ffmpeg does it: all channels count alike. @param {Float32Array[]} channels */
function mix([first, ...others]) {
  for (let i = 0; others.length && i < first.length; i++) {
    for (const other of others) first[i] += other[i];
    first[i] /= others.length + 1;
  }
  return first;
}

/** @param {number} from @param {number} to */
function look(from, to) {
  const slice = loudness(samples, from, to);
  bytes.set(slice, from * BINS);
  top = Math.max(top, loudest(slice));
  for (let column = from; column < to; column++) {
    for (let i = column * HOP; i < Math.min(samples.length, (column + 1) * HOP); i++) {
      peaks[column] = Math.max(peaks[column], Math.abs(samples[i]));
    }
    tallest = Math.max(tallest, peaks[column]);
  }
}

function draw() {
  const context = canvas?.getContext("2d");
  if (!view || !context || !bytes.length) return;
  const { width, height } = Object.assign(canvas, { width: view.width, height: view.height });
  const [from, to] = [view.from, view.to].map((seconds) => (seconds * SAMPLE_RATE) / HOP);
  const palette = colours(view.palette, top);
  const picture = new OffscreenCanvas(width, BINS);
  picture.getContext("2d")?.putImageData(paint({ bytes, from, to, width, palette }), 0, 0);
  const spectrogram = Math.round(height * (1 - WAVE_SHARE));
  context.drawImage(picture, 0, 0, width, BINS, 0, 0, width, spectrogram);
  context.fillStyle = view.ink;
  const middle = (height + spectrogram) / 2;
  outline(peaks, from, to, width).forEach((peak, x) => {
    const half = Math.max(0.5, (peak / tallest) * (height - spectrogram) * 0.45);
    context.fillRect(x, middle - half, 1, 2 * half);
  });
}

/** @param {{start: number, end: number, form: "base64" | "file"}} part in samples */
function cut({ start, end, form }) {
  const file = encodeWav(samples.subarray(start, end), SAMPLE_RATE);
  return form === "file" ? { file } : { base64: new FileReaderSync().readAsDataURL(file).split(",")[1] };
}

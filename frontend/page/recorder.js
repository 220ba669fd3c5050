/** Records from the microphone, 3 to 60 s, with a level meter and a live spectrogram. */

import { wavHeader } from "../core/wav.js";
import { element } from "./elements.js";
import { clock } from "./texts.js";

const LEAST_SECONDS = 3;
const MOST_SECONDS = 60;
const HIGHEST_HERTZ = 11_025;
const STEP_PIXELS = 2;

/** Why this page cannot record, as a key of the texts; empty where it can. */
export function whyNot() {
  if (!isSecureContext) return "record.insecure";
  return navigator.mediaDevices && "AudioWorkletNode" in window ? "" : "record.unsupported";
}

/**
 * Records until `stop` is aborted, 60 s are full or the page is hidden. The microphone is released in any case.
 * Raises DOMException where the microphone is denied or missing.
 * @param {AbortSignal} stop
 * @param {() => void} started
 * @returns {Promise<File | null>} null where it is shorter than 3 s
 */
export async function record(stop, started) {
  // What makes speech clear takes birds away.
  const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  const context = new AudioContext();
  try {
    const analyser = await listen(context, stream);
    started();
    const chunks = await collect(analyser, stop);
    return toFile(chunks, context.sampleRate);
  } finally {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  }
}

/** @param {AudioContext} context @param {MediaStream} stream */
async function listen(context, stream) {
  await context.audioWorklet.addModule("recorder-worklet.js");
  const source = context.createMediaStreamSource(stream);
  const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const analyser = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
  source.connect(recorder);
  source.connect(analyser);
  return { analyser, recorder, rate: context.sampleRate };
}

/**
 * @param {{analyser: AnalyserNode, recorder: AudioWorkletNode, rate: number}} source
 * @param {AbortSignal} stop
 * @returns {Promise<Int16Array<ArrayBuffer>[]>}
 */
function collect({ analyser, recorder, rate }, stop) {
  /** @type {Int16Array<ArrayBuffer>[]} */
  const chunks = [];
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      over.abort();
      recorder.port.onmessage = null;
      resolve(chunks);
    };
    recorder.port.onmessage = ({ data }) => {
      chunks.push(data);
      const seconds = (chunks.length * data.length) / rate;
      showTime(seconds);
      if (seconds >= MOST_SECONDS) end();
    };
    stop.addEventListener("abort", end, { signal: over.signal });
    document.addEventListener("visibilitychange", end, { signal: over.signal });
    showTime(0);
    drawLive(analyser, over.signal);
  });
}

/** @param {number} seconds */
function showTime(seconds) {
  element("record-time").textContent = `${clock(Math.floor(seconds))} / ${clock(MOST_SECONDS)}`;
  element("record-stop", HTMLButtonElement).disabled = seconds < LEAST_SECONDS;
}

/** @param {Int16Array<ArrayBuffer>[]} chunks @param {number} rate */
function toFile(chunks, rate) {
  const count = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  if (count < LEAST_SECONDS * rate) return null;
  const now = new Date();
  const name = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", " ").replace(":", ".");
  return new File([wavHeader(count, rate), ...chunks], `${name}.wav`, { type: "audio/wav" });
}

/** One column a frame, from right to left; the meter shows the loudest sample. @param {AnalyserNode} analyser @param {AbortSignal} over */
function drawLive(analyser, over) {
  const canvas = element("live", HTMLCanvasElement);
  const context = canvas.getContext("2d");
  const bins = new Uint8Array(Math.floor((HIGHEST_HERTZ / analyser.context.sampleRate) * analyser.fftSize));
  const wave = new Float32Array(analyser.fftSize);
  const { width, height } = canvas;
  context?.clearRect(0, 0, width, height);
  const next = () => {
    if (over.aborted || !context) return;
    analyser.getByteFrequencyData(bins);
    analyser.getFloatTimeDomainData(wave);
    element("level", HTMLMeterElement).value = wave.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    context.drawImage(canvas, -STEP_PIXELS, 0);
    context.clearRect(width - STEP_PIXELS, 0, STEP_PIXELS, height);
    context.fillStyle = getComputedStyle(canvas).color;
    bins.forEach((loud, k) => {
      context.globalAlpha = (loud / 255) ** 2;
      context.fillRect(width - STEP_PIXELS, height - ((k + 1) * height) / bins.length, STEP_PIXELS, height / bins.length + 1);
    });
    context.globalAlpha = 1;
    requestAnimationFrame(next);
  };
  next();
}

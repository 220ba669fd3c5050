/** Records from the microphone, with a level meter and a live spectrogram. */

import { wavHeader } from "../core/wav.js";
import { $, write } from "./elements.js";
import { clock } from "./texts.js";

const LEAST_SECONDS = 3;
const MOST_SECONDS = 60;
const HIGHEST_HERTZ = 11_025;
const WIDTH = 800;
const STEP_PIXELS = 2;

/**
 * Records until `stop`, 60 s or a hidden page, then frees the microphone. Null where it is under 3 s. Raises DOMException.
 * @param {AbortSignal} stop @param {() => void} started
 */
export async function record(stop, started) {
	// What makes speech clear takes birds away.
	const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
	const stream = await navigator.mediaDevices.getUserMedia({ audio });
	const context = new AudioContext();
	try {
		await context.audioWorklet.addModule("recorder-worklet.js");
		const source = context.createMediaStreamSource(stream);
		const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
		const analyser = new AnalyserNode(context, { fftSize: 1024, smoothingTimeConstant: 0 });
		source.connect(recorder);
		source.connect(analyser);
		started();
		drawLive(analyser);
		return toFile(await collect(recorder.port, context.sampleRate, stop), context.sampleRate);
	} finally {
		for (const track of stream.getTracks()) track.stop();
		await context.close();
	}
}

/** @type {(port: MessagePort, rate: number, stop: AbortSignal) => Promise<Chunks>} */
const collect = (port, rate, stop) => new Promise((resolve) => {
	/** @type {Chunks} */
	const chunks = [];
	const end = () => resolve(chunks);
	const tell = (seconds = 0) => {
		write("record-time", `${clock(Math.floor(seconds))} / ${clock(MOST_SECONDS)}`);
		$("record-stop", HTMLButtonElement).disabled = seconds < LEAST_SECONDS;
		if (seconds >= MOST_SECONDS) end();
	};
	port.onmessage = ({ data }) => tell((chunks.push(data) * data.length) / rate);
	stop.addEventListener("abort", end);
	if (stop.aborted) end();
	document.addEventListener("visibilitychange", end, { once: true });
	tell();
});

/** @param {Chunks} chunks */
function toFile(chunks, rate = 0) {
	const count = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
	if (count < LEAST_SECONDS * rate) return null;
	const name = new Date().toLocaleString("sv").replaceAll(":", ".");
	return new File([wavHeader(count, rate), ...chunks], `${name}.wav`, { type: "audio/wav" });
}

/** One column a frame. @param {AnalyserNode} analyser */
function drawLive(analyser) {
	const { context, fftSize } = analyser;
	const canvas = $("live", HTMLCanvasElement);
	const pen = canvas.getContext("2d");
	const { height } = canvas;
	const width = (canvas.width = WIDTH); // Clears it.
	const bins = new Uint8Array((HIGHEST_HERTZ / context.sampleRate) * fftSize);
	const wave = new Float32Array(fftSize);
	const next = () => {
		if (!pen || context.state === "closed") return;
		analyser.getByteFrequencyData(bins);
		analyser.getFloatTimeDomainData(wave);
		$("level", HTMLMeterElement).value = 1 + Math.log10(Math.max(0.001, ...wave)) / 3; // 60 dB
		pen.globalCompositeOperation = "copy"; // Clears what is not drawn.
		pen.globalAlpha = 1;
		pen.drawImage(canvas, -STEP_PIXELS, 0);
		pen.globalCompositeOperation = "source-over";
		pen.fillStyle = getComputedStyle(canvas).color;
		bins.forEach((loud, k) => {
			pen.globalAlpha = (loud / 255) ** 2;
			pen.fillRect(width - STEP_PIXELS, height * (1 - (k + 1) / bins.length), STEP_PIXELS, height / bins.length + 1);
		});
		requestAnimationFrame(next);
	};
	next();
}

/** Records from the microphone, with a level meter and a live spectrogram. */

import {wavHeader} from "../core/wav.js"
import {$, write} from "./dom.js"
import {clock} from "./i18n.js"

const MIN_SECONDS = 3
const MAX_SECONDS = 60
const MAX_HERTZ = 11_025
const WIDTH = 800
const STEP_PIXELS = 2

/**
 * Record until `stop`, 60 s or a hidden page; return null under 3 s. Throws DOMException.
 * @param {AbortSignal} stop @param {() => void} onStart
 */
export async function record(stop, onStart) {
	// What makes speech clear removes birds.
	const audio = {echoCancellation: false, noiseSuppression: false, autoGainControl: false}
	const stream = await navigator.mediaDevices.getUserMedia({audio})
	const context = new AudioContext()
	try {
		await context.audioWorklet.addModule("recorder-worklet.js")
		const source = context.createMediaStreamSource(stream)
		const recorder = new AudioWorkletNode(context, "recorder", {
			numberOfOutputs: 0,
			channelCount: 1,
			channelCountMode: "explicit"
		})
		const analyser = new AnalyserNode(context, {fftSize: 1024, smoothingTimeConstant: 0})
		source.connect(recorder)
		source.connect(analyser)
		onStart()
		drawLive(analyser)
		return toFile(await collect(recorder.port, context.sampleRate, stop), context.sampleRate)
	} finally {
		for (const track of stream.getTracks()) track.stop()
		await context.close()
	}
}

/** @type {Collect} */
const collect = (port, rate, stop) =>
	new Promise(resolve => {
		/** @type {Batches} */
		const batches = []
		const end = () => resolve(batches)
		const update = (seconds = 0) => {
			write("record-time", `${clock(Math.floor(seconds))} / ${clock(MAX_SECONDS)}`)
			$("record-stop", HTMLButtonElement).disabled = seconds < MIN_SECONDS
			if (seconds >= MAX_SECONDS) end()
		}
		port.onmessage = ({data}) => update((batches.push(data) * data.length) / rate)
		stop.addEventListener("abort", end)
		if (stop.aborted) end()
		document.addEventListener("visibilitychange", end, {once: true})
		update()
	})

/** @param {Batches} batches */
function toFile(batches, rate = 0) {
	const count = batches.reduce((sum, batch) => sum + batch.length, 0)
	if (count < MIN_SECONDS * rate) return null
	const name = new Date().toLocaleString("sv").replaceAll(":", ".")
	return new File([wavHeader(count, rate), ...batches], `${name}.wav`, {type: "audio/wav"})
}

/** Draw one column a frame. @param {AnalyserNode} analyser */
function drawLive(analyser) {
	const {context, fftSize} = analyser
	const canvas = $("live", HTMLCanvasElement)
	const pen = canvas.getContext("2d")
	canvas.width = WIDTH // Clears it.
	const {width, height} = canvas
	const bins = new Uint8Array((MAX_HERTZ / context.sampleRate) * fftSize)
	const wave = new Float32Array(fftSize)
	const next = () => {
		if (!pen || context.state === "closed") return
		analyser.getByteFrequencyData(bins)
		analyser.getFloatTimeDomainData(wave)
		$("level", HTMLMeterElement).value = 1 + Math.log10(Math.max(0.001, ...wave)) / 3 // 60 dB
		pen.globalCompositeOperation = "copy" // Clears the rest.
		pen.globalAlpha = 1
		pen.drawImage(canvas, -STEP_PIXELS, 0)
		pen.globalCompositeOperation = "source-over"
		pen.fillStyle = getComputedStyle(canvas).color
		bins.forEach((loud, k) => {
			pen.globalAlpha = (loud / 255) ** 2
			const y = height * (1 - (k + 1) / bins.length)
			pen.fillRect(width - STEP_PIXELS, y, STEP_PIXELS, height / bins.length + 1)
		})
		requestAnimationFrame(next)
	}
	next()
}

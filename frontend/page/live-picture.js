/** What the microphone hears now: a spectrogram that moves, and a level that falls slowly. */

import {$} from "./dom.js"

const MAX_HERTZ = 11_025
const WIDTH = 800
const STEP_PIXELS = 2
const RANGE_DECIBELS = 60
// Short calls stay visible.
const DECAY_DECIBELS = 0.6

/** @param {MediaStream} stream @param {AudioContext} context */
export async function plugIn(stream, context) {
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
	return {port: recorder.port, analyser}
}

/** What makes speech clear removes birds. */
export const openMicrophone = () =>
	navigator.mediaDevices.getUserMedia({
		audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}
	})

/** Draw one column a frame. @param {AnalyserNode} analyser @param {string} id of the canvas */
export function drawLive(analyser, id, meter = "level") {
	const {context, fftSize} = analyser
	const canvas = $(id, HTMLCanvasElement)
	const pen = canvas.getContext("2d")
	canvas.width = WIDTH // Clears it.
	const bins = new Uint8Array((MAX_HERTZ / context.sampleRate) * fftSize)
	const wave = new Float32Array(fftSize)
	const ink = getComputedStyle(canvas).color.match(/\d+/g)?.map(Number) ?? []
	let level = -RANGE_DECIBELS
	const next = () => {
		if (!pen || context.state === "closed") return
		analyser.getByteFrequencyData(bins)
		analyser.getFloatTimeDomainData(wave)
		level = Math.max(level - DECAY_DECIBELS, 20 * Math.log10(Math.max(0.001, ...wave)))
		$(meter, HTMLMeterElement).value = 1 + level / RANGE_DECIBELS
		pen.globalCompositeOperation = "copy" // Clears the rest.
		pen.drawImage(canvas, -STEP_PIXELS, 0)
		pen.putImageData(column(bins, canvas.height, ink), WIDTH - STEP_PIXELS, 0)
		requestAnimationFrame(next)
	}
	next()
}

/** @param {Uint8Array} bins @param {number} height @param {number[]} ink */
function column(bins, height, [red, green, blue]) {
	const image = new ImageData(STEP_PIXELS, height)
	for (let at = 0; at < STEP_PIXELS * height; at++) {
		const y = Math.floor(at / STEP_PIXELS)
		const loud = bins[Math.floor((1 - (y + 1) / height) * bins.length)]
		image.data.set([red, green, blue, 255 * (loud / 255) ** 2], 4 * at)
	}
	return image
}

/** Holds the samples, draws them and cuts chunks, off the page's thread. */

import {SAMPLE_RATE} from "./core/chunks.js"
import {toMono} from "./core/mono.js"
import {columnsAt, loudest, paint} from "./core/spectrogram-image.js"
import {BINS, HOP, countColumns, loudness} from "./core/stft.js"
import {encodeWav} from "./core/wav.js"

const SLICE_COLUMNS = 1_500
const SPECTROGRAM_SHARE = 0.8
const INK = "#17634a"

const FULL_SCALE = 32_768
let samples = new Int16Array(0)
let bytes = new Uint8Array(0)
let peaks = new Float32Array(0)
let top = 0
let highestPeak = 0
/** @type {OffscreenCanvas} */
let canvas
/** @type {OffscreenCanvas} */
let map
/** @type {View | undefined} */
let view

onmessage = (/** @type {MessageEvent<ToWorker>} */ {data: request}) => {
	const {id, sound, wav, cut} = request
	canvas = request.canvas ?? canvas
	map = request.map ?? map
	view = request.view ?? view
	if (request.view) draw()
	if (sound) load(sound, id)
	if (cut) reply({id, pcm: samples.slice(cut.start, cut.end)})
	if (!wav) return
	const file = encodeWav(samples.subarray(wav.start, wav.end), SAMPLE_RATE)
	const base64 = new FileReaderSync().readAsDataURL(file).split(",")[1]
	reply({id, file, base64: new Blob([base64])})
}

/** @type {OnReply} */
const reply = message => postMessage(message)

/** Slice by slice: chunks are cut and views drawn in between. @param {Sound} sound */
async function load({channels, rate, fine, pcm}, id = 0) {
	const mine = pcm ?? toMono(channels, rate, fine)
	if (!mine) return reply({id, samples: -1})
	const columns = countColumns(mine.length)
	samples = mine
	bytes = new Uint8Array(columns * BINS)
	peaks = new Float32Array(columns)
	top = highestPeak = 0
	reply({id, samples: mine.length})
	for (let from = 0; from < columns; from += SLICE_COLUMNS) {
		await new Promise(resolve => setTimeout(resolve))
		if (mine !== samples) return
		const to = Math.min(columns, from + SLICE_COLUMNS)
		analyse(from, to)
		draw()
		if (to === columns) drawMap(columns)
		afterFrame(() => reply({id, picture: to === columns ? "ready" : "drawing"}))
	}
}

/** Do something once what was drawn is seen. @param {() => void} act */
const afterFrame = act => requestAnimationFrame(() => requestAnimationFrame(act))

function drawMap(to = 0) {
	const {width, height} = map
	const picture = new OffscreenCanvas(width, BINS)
	const view = {from: 0, to, width, colour: false, top}
	picture.getContext("2d")?.putImageData(paint(bytes, view), 0, 0)
	map.getContext("2d")?.drawImage(picture, 0, 0, width, BINS, 0, 0, width, height)
}

function analyse(from = 0, to = 0) {
	const slice = loudness(samples, from, to, FULL_SCALE)
	bytes.set(slice, from * BINS)
	top = Math.max(top, loudest(slice))
	for (let column = from; column < to; column++) {
		const sound = samples.subarray(column * HOP, (column + 1) * HOP)
		peaks[column] = sound.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
		highestPeak = Math.max(highestPeak, peaks[column])
	}
}

function draw() {
	const context = canvas?.getContext("2d")
	if (!view || !context || !bytes.length) return
	const {width, height, colour} = view
	Object.assign(canvas, {width, height})
	const [from, to] = [view.from, view.to].map(seconds => (seconds * SAMPLE_RATE) / HOP)
	const image = new OffscreenCanvas(width, BINS)
	image.getContext("2d")?.putImageData(paint(bytes, {from, to, width, colour, top}), 0, 0)
	const below = Math.round(height * SPECTROGRAM_SHARE)
	context.drawImage(image, 0, 0, width, BINS, 0, 0, width, below)
	context.fillStyle = INK
	for (let x = 0; x < width; x++) {
		const seen = peaks.subarray(...columnsAt(from, to, x, width))
		const peak = seen.reduce((most, each) => Math.max(most, each), 0)
		const tall = Math.max(1, (peak / (highestPeak || 1)) * (height - below) * 0.9)
		context.fillRect(x, (height + below - tall) / 2, 1, tall)
	}
}

/** Decoding, and the page's side of the Worker. */

import {ApiError} from "../api.js"
import {SAMPLE_RATE} from "../core/chunks.js"

/** @type {Worker | undefined} */
let worker
let lastId = 0
/** @type {Map<number, OnReply>} */
const waiting = new Map()

// What every browser decodes at.
const [LEAST_RATE, MOST_RATE] = [8_000, 96_000]

/** At its own rate where that is known; null where this browser cannot. @type {Decode} */
export const decode = async file => {
	try {
		const bytes = await file.arrayBuffer()
		const [{isFine, readWav}, {rateOf}] = await Promise.all([
			import("../core/file-header.js"),
			import("../core/sample-rate.js")
		])
		const pcm = readWav(bytes)
		if (pcm) return {rate: SAMPLE_RATE, fine: false, channels: [], pcm}
		const fine = isFine(bytes)
		const own = rateOf(bytes)
		const rate = own >= LEAST_RATE && own <= MOST_RATE ? own : 2 * SAMPLE_RATE
		const context = new OfflineAudioContext(1, 1, rate)
		const sound = await context.decodeAudioData(bytes)
		const {numberOfChannels: length} = sound
		const channels = Array.from({length}, (_, i) => sound.getChannelData(i))
		return {rate, fine, channels}
	} catch {
		return null
	}
}

/** 0 where the player does not know. @type {(player: HTMLAudioElement) => Promise<number>} */
export const loadSeconds = player =>
	new Promise(resolve => {
		const {src} = player
		const end = () => resolve(Number.isFinite(player.duration) ? player.duration : 0)
		// Another file's events are not meant.
		const check = () => (player.src === src ? end() : resolve(0))
		for (const name of ["loadedmetadata", "error"]) {
			player.addEventListener(name, check, {once: true})
		}
	})

/** @param {Blob} blob @returns {Promise<string>} */
export const toBase64 = blob =>
	new Promise((resolve, reject) => {
		const reader = new FileReader()
		reader.onload = () => resolve(String(reader.result).split(",")[1])
		reader.onerror = () => reject(new ApiError("lost_file"))
		reader.readAsDataURL(blob)
	})

/** @type {Hold} */
export const hold = (sound, onPicture) =>
	new Promise(resolve => {
		const moved = (sound.pcm ? [sound.pcm] : sound.channels).map(each => each.buffer)
		ask({sound}, moved, message => {
			if (message.picture) onPicture(message.picture)
			else resolve(message.samples ?? 0)
		})
	})

/** @param {HTMLCanvasElement} element */
export function giveCanvas(element) {
	const canvas = element.transferControlToOffscreen()
	ask({canvas}, [canvas])
}

/** The picture of the whole recording. @param {HTMLCanvasElement} element */
export function giveMap(element) {
	const map = element.transferControlToOffscreen()
	ask({map}, [map])
}

/** @param {View} view */
export const draw = view => ask({view})

/** @type {(wav: Chunk) => Promise<FromWorker>} */
export const cutWav = wav => new Promise(resolve => ask({wav}, [], resolve))

/** @type {(cut: Chunk) => Promise<FromWorker>} */
export const cutPcm = cut => new Promise(resolve => ask({cut}, [], resolve))

/** @type {AskWorker} */
const ask = (message, moved = [], onReply) => {
	worker ??= startWorker()
	if (onReply) waiting.set(++lastId, onReply)
	worker.postMessage({id: lastId, ...message}, moved)
}

function startWorker() {
	const started = new Worker("sound-worker.js", {type: "module"})
	started.onmessage = ({data}) => {
		waiting.get(data.id)?.(data)
		if (!data.samples && data.picture !== "drawing") waiting.delete(data.id)
	}
	return started
}

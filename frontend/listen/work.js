/** What the Worker is asked, and what it replies. */

import {ApiError} from "../api.js"
import {WINDOW, cutChunks} from "../core/chunks.js"
import {loadNetwork} from "./network.js"

/** @type {ReturnType<LoadNetwork> | undefined} */
let loading
/** @type {Promise<import("./live.js").Live> | undefined} */
let live

/** @type {OnListenReply} */
const reply = message => postMessage(message)

/** Once; again after a failure. */
function network() {
	loading ??= loadNetwork()
	loading.catch(() => (loading = undefined))
	return loading
}

/** @param {ToListenWorker} request */
export async function receive({id = 0, load, rate, heard, end, samples, sound}) {
	if (load) network()
	if (rate) live = startLive(rate)
	if (heard) live?.then(started => started.push(heard))
	try {
		if (rate) reply({id, model: (await network()).constants.settings.version})
		if (samples) reply({id, answer: answer(await network(), await judgeAll(samples))})
		if (sound) reply({id, ...(await nameSound(sound))})
		if (end && live) reply({id, ...(await finish(await live))})
	} catch (error) {
		const {code = "page"} = error instanceof ApiError ? error : {}
		reply({id, code})
		if (code === "page") throw error
	}
}

async function startLive(rate = 0) {
	const {Live} = await import("./live.js")
	return new Live(rate, network(), look => reply({look}))
}

/** @param {import("./live.js").Live} ended */
async function finish(ended) {
	const {sound, samples, windows} = await ended.end()
	live = undefined
	return {sound, length: samples, answer: windows && answer(await network(), windows)}
}

/** @param {Sound} sound */
async function nameSound({channels, rate, fine, pcm}) {
	const {toMono} = await import("../core/mono.js")
	const samples = pcm ?? toMono(channels, rate, fine)
	if (!samples?.length) throw new ApiError("undecodable_audio")
	return {length: samples.length, answer: answer(await network(), await judgeAll(samples))}
}

/** @param {Int16Array<ArrayBuffer>} samples */
async function judgeAll(samples) {
	const {judge} = await network()
	const windows = []
	for (const {start, end} of cutChunks(0, samples.length, WINDOW)) {
		windows.push(await judge(samples.subarray(start, end)))
	}
	return windows
}

/** As the API answers, but for times and pooling. @type {AnswerOf} */
const answer = ({constants}, windows) => {
	const {pooling, birds, version: model} = constants.settings
	// A silent window has no list.
	if (windows.every(({species}) => !species.length)) return "silent"
	return {windows, pooling: birds ? {...pooling, birds} : pooling, model}
}

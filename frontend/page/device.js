/** The page's side of the Worker that names birds on this device. */

import {ApiError} from "../api.js"

/** @type {Worker | undefined} */
let worker
let lastId = 0
/** @type {Map<number, {resolve: OnListenReply, reject: (error: Error) => void}>} */
const waiting = new Map()
/** @type {OnLook} */
let look = () => {}

/** @type {AskDevice} */
export const askDevice = (message, moved = []) =>
	new Promise((resolve, reject) => {
		waiting.set(++lastId, {resolve, reject})
		tellDevice({...message, id: lastId}, moved)
	})

/** What needs no reply. @param {ToListenWorker} message @param {Transferable[]} moved */
export function tellDevice(message, moved) {
	worker ??= startWorker()
	worker.postMessage(message, moved)
}

/** @param {OnLook} act */
export const onLook = act => void (look = act)

/** @param {Int16Array<ArrayBuffer>} samples */
export async function classifyHere(samples) {
	const {answer = "silent"} = await askDevice({samples}, [samples.buffer])
	return answer
}

function startWorker() {
	const started = new Worker("listen-worker.js")
	started.onmessage = ({data}) => {
		const {id, code, failed} = data
		if (failed) return stop("network")
		if (data.look) look(data.look)
		if (code) waiting.get(id)?.reject(new ApiError(code))
		else waiting.get(id)?.resolve(data)
		waiting.delete(id)
	}
	started.onerror = () => stop("page")
	return started
}

/** Another worker is started when one is asked again. */
function stop(code = "") {
	for (const {reject} of waiting.values()) reject(new ApiError(code))
	waiting.clear()
	worker?.terminate()
	worker = undefined
}

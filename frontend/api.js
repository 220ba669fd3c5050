/** The only module that talks to the network. */

import {apiBase, canListen} from "./config.js"

export {canListen}

// API Gateway gives up after 29 s.
const TIMEOUT_MS = 35_000
const LIST_TIMEOUT_MS = 10_000
const MAX_TRIES = 6
const MAX_WAIT_SECONDS = 60

/** A failure whose code the page has a text for; `message` is the API's own, or empty. */
export class ApiError extends Error {
	constructor(code = "", message = "", values = {}) {
		super(message)
		this.code = code
		this.values = values
	}
}

/** @type {Classify} */
export const classify = async (data, signal, onWait) => {
	const body = new Blob(['{"top":20,"data":"', data, '"}'])
	for (let tries = 1; ; tries++) {
		const response = await post(body, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
		const answer = await response.json().catch(() => null)
		signal.throwIfAborted()
		if (response.ok && Array.isArray(answer?.windows) && answer.species?.length) return answer
		const busy = response.status === 429 || response.status === 503
		const {code = "bad_answer", message} = answer?.error ?? {}
		if (!busy || tries === MAX_TRIES) throw new ApiError(code, message)
		const wanted = Number(response.headers.get("Retry-After")) || tries * 2
		const seconds = Math.min(MAX_WAIT_SECONDS, wanted)
		onWait(seconds)
		await new Promise((resolve, reject) => {
			setTimeout(resolve, seconds * 1000)
			signal.addEventListener("abort", () => reject(signal.reason))
		})
		onWait(0)
	}
}

/** @param {Blob} body @param {AbortSignal} signal */
async function post(body, signal) {
	const headers = {"Content-Type": "application/json"}
	try {
		return await fetch(`${apiBase}/classify`, {method: "POST", body, headers, signal})
	} catch (error) {
		const slow = error instanceof DOMException && error.name === "TimeoutError"
		throw new ApiError(slow ? "slow" : navigator.onLine ? "network" : "offline")
	}
}

/** Return the species that the deployed model knows. @returns {Promise<Named[]>} */
export const loadSpecies = async () => (await loadJson(`${apiBase}/species`)).species

export const loadJson = async (url = "") =>
	(await fetch(url, {signal: AbortSignal.timeout(LIST_TIMEOUT_MS)})).json()

/** @type {LoadBytes} */
export const loadBytes = async (url, cache) => {
	const response = await fetch(url, {cache}).catch(() => null)
	if (!response?.ok) throw new ApiError(navigator.onLine ? "network" : "needs_model")
	return new Uint8Array(await response.arrayBuffer())
}

/** A file of this site. @param {string} url @param {string} name */
export async function loadFile(url, name) {
	const response = await fetch(url).catch(() => null)
	if (!response?.ok) throw new ApiError(navigator.onLine ? "network" : "needs_network")
	return new File([await response.blob()], name, {type: "audio/mpeg"})
}

/** The only module that talks to the network. */

import { apiBase } from "./config.js";

// API Gateway gives up after 29 s.
const PATIENCE_MS = 35_000;
// How often a busy API is asked again, and how long a wait it may ask for.
const MOST_TRIES = 6;
const MOST_SECONDS = 60;

/** A failure whose code the page has words for; `message` is the API's own, or empty. */
export class ApiError extends Error {
	constructor(code = "", message = "", places = {}) {
		super(message);
		this.code = code;
		this.places = places;
	}
}

/**
 * Asks which birds sing in an audio file in base64; waits as often as a busy API asks to. Raises ApiError or AbortError.
 * @type {(data: BlobPart, signal: AbortSignal, waiting: (seconds: number) => void) => Promise<Answer>}
 */
export const classify = async (data, signal, waiting) => {
	const body = new Blob(['{"top":20,"data":"', data, '"}']);
	for (let tries = 1; ; tries++) {
		const response = await post(body, AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]));
		const answer = await response.json().catch(() => null);
		signal.throwIfAborted();
		if (response.ok && Array.isArray(answer?.windows) && answer.species?.length) return answer;
		const busy = response.status === 429 || response.status === 503;
		if (!busy || tries === MOST_TRIES) throw new ApiError(answer?.error?.code ?? "bad_answer", answer?.error?.message);
		const seconds = Math.min(MOST_SECONDS, Number(response.headers.get("Retry-After")) || tries * 2);
		waiting(seconds);
		await new Promise((resolve, reject) => {
			setTimeout(resolve, seconds * 1000);
			signal.addEventListener("abort", () => reject(signal.reason));
		});
		waiting(0);
	}
};

/** @param {Blob} body @param {AbortSignal} signal */
const post = (body, signal) =>
	fetch(`${apiBase}/classify`, { method: "POST", body, headers: { "Content-Type": "application/json" }, signal }).catch(({ name }) => {
		throw new ApiError(name === "TimeoutError" ? "slow" : navigator.onLine ? "network" : "offline");
	});

/** The species that the deployed model knows. @returns {Promise<Species[]>} */
export const loadSpecies = async () => (await (await fetch(`${apiBase}/species`)).json()).species;

export const loadTable = async (path = "") => (await fetch(path)).json();

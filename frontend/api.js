/** The only module that talks to the network. */

import { apiBase } from "./config.js";

/** @import { Answer, Species } from "./types" */

// API Gateway gives up after 29 s.
const PATIENCE_MS = 35_000;
// How often a busy API is asked again, and how long a wait it may ask for.
const MOST_TRIES = 6;
const MOST_SECONDS = 60;

/** A failure with a code that the page has words for; `message` is the API's own sentence, or empty. */
export class ApiError extends Error {
  /** @param {string} code @param {string} [message] @param {Record<string, number>} [places] for the page's words */
  constructor(code, message = "", places = {}) {
    super(message);
    this.code = code;
    this.places = places;
  }
}

/**
 * Asks which birds sing in an audio file, and waits as often as a busy API asks to. Raises ApiError, or the signal's
 * AbortError.
 * @param {string} data the file in base64
 * @param {{signal: AbortSignal, waiting: (seconds: number) => void}} options
 * @returns {Promise<Answer>}
 */
export async function classify(data, { signal, waiting }) {
  const body = JSON.stringify({ data, top: 20 });
  for (let tries = 1; ; tries++) {
    const response = await request("/classify", { method: "POST", body, signal });
    const answer = await response.json().catch(() => null);
    if (response.ok) return checked(answer);
    const busy = response.status === 429 || response.status === 503;
    if (!busy || tries === MOST_TRIES) throw new ApiError(answer?.error?.code ?? "bad_answer", answer?.error?.message);
    await pause(Number(response.headers.get("Retry-After")) || tries * 2, signal, waiting);
  }
}

/** @param {any} answer @returns {Answer} */
function checked(answer) {
  if (Array.isArray(answer?.windows) && answer.species?.length) return answer;
  throw new ApiError("bad_answer");
}

/** @param {number} seconds @param {AbortSignal} signal @param {(seconds: number) => void} waiting */
async function pause(seconds, signal, waiting) {
  waiting(Math.min(seconds, MOST_SECONDS));
  await new Promise((resolve, reject) => {
    setTimeout(resolve, Math.min(seconds, MOST_SECONDS) * 1000);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  waiting(0);
}

/**
 * @param {string} path
 * @param {{method: string, body: string, signal: AbortSignal}} options
 */
async function request(path, { method, body, signal }) {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), PATIENCE_MS);
  try {
    return await fetch(apiBase + path, {
      method,
      body,
      headers: { "Content-Type": "application/json" },
      signal: AbortSignal.any([signal, clock.signal]),
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new ApiError(clock.signal.aborted ? "slow" : navigator.onLine ? "network" : "offline");
  } finally {
    clearTimeout(timer);
  }
}

/** The species that the deployed model knows. @returns {Promise<Species[]>} */
export async function loadSpecies() {
  return (await (await fetch(`${apiBase}/species`)).json()).species;
}

/**
 * Loads one of the page's own JSON files.
 * @param {string} path
 */
export async function loadTable(path) {
  return (await fetch(path)).json();
}

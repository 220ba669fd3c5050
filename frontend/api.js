/** The only module that talks to the network. */

import { apiBase } from "./config.js";

/** @import { Answer } from "./types" */

// API Gateway gives up after 29 s.
const PATIENCE_MS = 35_000;

/** A failure with a code that the page has words for; `message` is the API's own sentence, or empty. */
export class ApiError extends Error {
  /** @param {string} code @param {string} [message] */
  constructor(code, message = "") {
    super(message);
    this.code = code;
  }
}

/**
 * Asks which birds sing in an audio file. Raises ApiError, or the signal's AbortError.
 * @param {string} data the file in base64
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function classify(data, signal) {
  const response = await request("/classify", { method: "POST", body: JSON.stringify({ data, top: 20 }), signal });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(answer?.error?.code ?? "bad_answer", answer?.error?.message);
  if (!Array.isArray(answer?.windows) || !answer.species?.length) throw new ApiError("bad_answer");
  return answer;
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
    throw new ApiError(clock.signal.aborted ? "slow" : "network");
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Loads one of the page's own JSON files.
 * @param {string} path
 */
export async function loadTable(path) {
  return (await fetch(path)).json();
}

/** Sends a recording and joins the answers: in parts where this browser can decode it, else the file as it is. */

import { ApiError, classify } from "../api.js";
import { countDone, join, newJob, run } from "../core/job.js";
import { SAMPLE_RATE, cutParts } from "../core/parts.js";
import { showProgress, showState, showWaiting } from "./answer.js";
import { cutBase64, toBase64 } from "./sound.js";
import { showBlocks } from "./timeline.js";

/** @import { Answer, Job, Part, Recording } from "../types" */

// What the API takes of a file that this browser cannot read (docs/contracts.md).
const MAX_UNREAD_BYTES = 4 * 2 ** 20;

/**
 * Raises ApiError, or the signal's AbortError.
 * @param {Recording} recording
 * @param {{start: number, end: number} | null} stretch in seconds; null for all of it
 * @returns {Promise<Answer>}
 */
export async function identify(recording, stretch) {
  const { signal } = recording.work;
  const samples = await recording.samples;
  signal.throwIfAborted();
  if (samples === null) return sendFile(recording.file, signal);
  const [start, end] = stretch ? [stretch.start, stretch.end].map((at) => Math.round(at * SAMPLE_RATE)) : [0, samples];
  recording.job = goOn(recording.job, cutParts(start, Math.min(end, samples)));
  return sendParts(recording.job, signal);
}

/** @param {File} file @param {AbortSignal} signal */
async function sendFile(file, signal) {
  if (file.size > MAX_UNREAD_BYTES) throw new ApiError("unreadable_file");
  const data = await toBase64(file);
  signal.throwIfAborted();
  start(0, 1);
  return classify(data, { signal, waiting: showWaiting });
}

/** @param {Job} job @param {AbortSignal} signal */
async function sendParts(job, signal) {
  let silence = new ApiError("silent_audio");
  /** @param {Part} part */
  const ask = async (part) => {
    const data = await cutBase64(part);
    signal.throwIfAborted();
    return classify(data, { signal, waiting: showWaiting }).catch((error) => {
      if (error.code !== "silent_audio") throw error;
      silence = error;
      return /** @type {const} */ ("silent");
    });
  };
  const told = () => {
    const soFar = join(job);
    if (signal.aborted) return;
    showProgress(countDone(job), job.parts.length, soFar);
    showBlocks(soFar?.windows ?? []);
  };
  start(countDone(job), job.parts.length);
  told();
  await run(job, ask, told);
  signal.throwIfAborted();
  const answer = join(job);
  if (!answer) throw silence;
  return answer;
}

/** @param {number} done @param {number} all */
function start(done, all) {
  showState("analysing");
  showProgress(done, all, null);
}

/** An unfinished job on the same parts goes on where it stood. @param {Job | undefined} job @param {Part[]} parts */
function goOn(job, parts) {
  const same = job && countDone(job) < parts.length && JSON.stringify(job.parts) === JSON.stringify(parts);
  return same ? job : newJob(parts);
}

/** Asks for the parts of a recording, and joins what is there. */

import { moveWindows, silentWindows } from "./parts.js";
import { pool } from "./pooling.js";

/** @import { Answer, Job, Part } from "../types" */

const AT_A_TIME = 3;

/** @param {Part[]} parts @returns {Job} */
export const newJob = (parts) => ({ parts, answers: parts.map(() => undefined) });

/**
 * Asks for all parts that have no answer yet: the first alone, so that it comes at once, then three at a time.
 * After a failure no further part is asked for; what has come stays, so that the job can go on.
 * @param {Job} job
 * @param {(part: Part) => Promise<Answer | "silent">} ask
 * @param {() => void} told called after each answer
 */
export async function run(job, ask, told) {
  const open = job.parts.map((_, i) => i).filter((i) => !job.answers[i]);
  const askNext = async () => {
    for (let i = open.shift(); i !== undefined; i = open.shift()) {
      job.answers[i] = await ask(job.parts[i]);
      told();
      if (i === 0) return;
    }
  };
  try {
    if (open[0] === 0) await askNext();
    await Promise.all(Array.from({ length: AT_A_TIME }, askNext));
  } finally {
    open.length = 0;
  }
}

/** How many parts are answered. @param {Job} job */
export const countDone = (job) => job.answers.filter(Boolean).length;

/**
 * The answer for the parts that are there; null while none is, or where all of them are silent.
 * @param {Job} job
 * @returns {Answer | null}
 */
export function join({ parts, answers }) {
  const heard = answers.find((answer) => typeof answer === "object");
  if (!heard) return null;
  const windows = answers.flatMap((answer, i) => {
    if (answer === "silent") return silentWindows(parts[i]);
    return answer ? moveWindows(answer.windows, parts[i]) : [];
  });
  const { pooling, model } = heard;
  return { ...pool(windows, pooling), windows, audio_seconds: windows[windows.length - 1].end_seconds, model, pooling };
}

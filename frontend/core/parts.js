/** Cuts a recording into parts on the 5 s grid, and puts their windows back together. */

/** @import { Block, Part } from "../types" */

export const SAMPLE_RATE = 22_050;
export const WINDOW_SECONDS = 5;
// A shorter remainder never becomes a window of its own (docs/contracts.md).
const MIN_REMAINDER_SECONDS = 0.5;
// The first part is short, so that the first answer comes at once; the API takes up to 60 s.
const FIRST_SECONDS = 5;
const PART_SECONDS = 30;

/**
 * The parts of a stretch of the recording, in samples.
 * @param {number} start
 * @param {number} end
 * @returns {Part[]}
 */
export function cutParts(start, end) {
  const parts = [];
  for (let from = start, length = FIRST_SECONDS; from < end; length = PART_SECONDS) {
    const to = from + length * SAMPLE_RATE;
    const rest = end - to;
    const stop = rest < MIN_REMAINDER_SECONDS * SAMPLE_RATE ? end : to;
    parts.push({ start: from, end: stop });
    from = stop;
  }
  return parts;
}

/** Samples as seconds, to the millisecond. @param {number} samples */
export const seconds = (samples) => Math.round((samples / SAMPLE_RATE) * 1000) / 1000;

/**
 * Windows of a part, moved to where the part stands in the recording.
 * @param {Block[]} windows @param {Part} part
 * @returns {Block[]}
 */
export function moveWindows(windows, part) {
  const offset = seconds(part.start);
  return windows.map((window, i) => ({
    ...window,
    start_seconds: round(window.start_seconds + offset),
    end_seconds: i === windows.length - 1 ? seconds(part.end) : round(window.end_seconds + offset),
  }));
}

/** A part without a sound is "no bird" in all its windows. @param {Part} part @returns {Block[]} */
export function silentWindows({ start, end }) {
  const count = Math.max(1, Math.ceil(((end - start) / SAMPLE_RATE - MIN_REMAINDER_SECONDS + 1e-9) / WINDOW_SECONDS));
  return moveWindows(
    Array.from({ length: count }, (_, i) => ({
      start_seconds: i * WINDOW_SECONDS, end_seconds: (i + 1) * WINDOW_SECONDS, verdict: "no_bird", species: [],
    })),
    { start, end },
  );
}

/** @param {number} value */
const round = (value) => Math.round(value * 1000) / 1000;

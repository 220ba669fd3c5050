/** Cuts a recording into parts on the 5 s grid, asks for them, joins their answers. */

import { pool } from "./pooling.js";

export const SAMPLE_RATE = 22_050;
export const WINDOW = 5 * SAMPLE_RATE;
const PART = 30 * SAMPLE_RATE;
// A shorter remainder never becomes a window of its own (docs/contracts.md).
const MIN_REMAINDER = SAMPLE_RATE / 2;
const AT_A_TIME = 3;

/** The first part is one window, so that the first answer comes at once. */
export function cutParts(start = 0, end = 0, size = PART) {
	const parts = [];
	for (let to = start + WINDOW; start < end; to = start + size) {
		const stop = end - to < MIN_REMAINDER ? end : to;
		parts.push({ start, end: stop });
		start = stop;
	}
	return parts;
}

/** @param {Stretch[]} parts @returns {Job} */
export const newJob = (parts) => ({ parts, answers: parts.map(() => undefined) });

/** @param {Job} job */
export const countDone = (job) => job.answers.filter(Boolean).length;

/**
 * Asks for what has no answer yet: the first part alone, then three at a time. A failure ends it; what has come stays.
 * @param {Job} job @param {(part: Stretch) => Promise<Answer | "silent">} ask @param {() => void} told
 */
export async function run(job, ask, told) {
	const open = job.parts.map((_, i) => i).filter((i) => !job.answers[i]);
	const askOn = async () => {
		for (let i = open.shift(); i !== undefined; i = open.shift()) {
			job.answers[i] = await ask(job.parts[i]);
			told();
			if (i === 0) return;
		}
	};
	try {
		if (open[0] === 0) await askOn();
		await Promise.all(Array.from({ length: AT_A_TIME }, askOn));
	} finally {
		open.length = 0;
	}
}

/** Null where no part with a sound is answered. @param {Job} job @returns {Answer | null} */
export function join({ parts, answers }) {
	const heard = answers.find((answer) => typeof answer === "object");
	if (!heard?.pooling) return null;
	const windows = answers.flatMap((answer, i) => (answer ? place(answer, parts[i]) : []));
	const { pooling, model } = heard;
	return { ...pool(windows, pooling), windows, audio_seconds: windows[windows.length - 1].end_seconds, model, pooling };
}

/** Its windows, where they stand in the recording. @type {(answer: Answer | "silent", part: Stretch) => Block[]} */
const place = (answer, { start, end }) =>
	cutParts(start, end, WINDOW).map((window, i) => ({
		...(answer === "silent" ? { verdict: "no_bird", species: [] } : answer.windows[i]),
		start_seconds: seconds(window.start),
		end_seconds: seconds(window.end),
	}));

const seconds = (samples = 0) => Math.round((samples / SAMPLE_RATE) * 1000) / 1000;

/** Sends a recording: in parts where this browser can decode it, else the file as it is. */

import { ApiError, classify } from "../api.js";
import { SAMPLE_RATE, countDone, cutParts, join, newJob, run } from "../core/parts.js";
import { showProgress, showState, showWaiting } from "./answer.js";
import { cutWav, toBase64 } from "./sound.js";
import { showBlocks } from "./timeline.js";

// What the API takes of a file that this browser cannot read (docs/contracts.md).
const MAX_UNREAD_BYTES = 4 * 2 ** 20;

/** Raises ApiError or AbortError. @param {Recording} recording @param {Stretch | null} part in seconds */
export async function identify(recording, part) {
	const { signal } = recording.work;
	const samples = await recording.samples;
	signal.throwIfAborted();
	showWaiting(0);
	if (samples === null) return sendFile(recording.file, signal);
	const [start, end] = part ? [part.start, part.end].map((at) => Math.round(at * SAMPLE_RATE)) : [0, samples];
	recording.job = goOn(recording.job, cutParts(start, Math.min(end, samples)));
	return sendParts(recording.job, signal);
}

/** @param {File} file @param {AbortSignal} signal */
async function sendFile(file, signal) {
	if (file.size > MAX_UNREAD_BYTES) throw new ApiError("unreadable_file");
	const data = await toBase64(file);
	signal.throwIfAborted();
	showState("analysing");
	showProgress(0, 1, null);
	return classify(data, signal, showWaiting);
}

/** @param {Job} job @param {AbortSignal} signal */
async function sendParts(job, signal) {
	let silence = new ApiError("silent_audio");
	const told = () => {
		if (signal.aborted) return;
		const soFar = join(job);
		showProgress(countDone(job), job.parts.length, soFar);
		showBlocks(soFar?.windows ?? []);
	};
	showState("analysing");
	told();
	await run(job, async (part) => {
		const { base64 = "" } = await cutWav(part);
		signal.throwIfAborted();
		return classify(base64, signal, showWaiting).catch((error) => {
			if (error.code !== "silent_audio") throw error;
			silence = error;
			return /** @type {const} */ ("silent");
		});
	}, told);
	signal.throwIfAborted();
	return join(job) ?? Promise.reject(silence);
}

/** @param {Job | undefined} job @param {Stretch[]} parts */
function goOn(job, parts) {
	const same = job && countDone(job) < parts.length && JSON.stringify(job.parts) === JSON.stringify(parts);
	return same ? job : newJob(parts);
}

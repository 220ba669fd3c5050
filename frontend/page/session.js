/** Work on one recording, from choosing it to its answer. */

import { ApiError } from "../api.js";
import { SAMPLE_RATE } from "../core/parts.js";
import { showState } from "./answer.js";
import { showDetails } from "./details.js";
import { $, onClick, write } from "./elements.js";
import { identify } from "./identify.js";
import { forgetKept } from "./keep.js";
import { select, selection, startPlayer } from "./player.js";
import { decode, hold, lengthIn } from "./sound.js";
import { saveAs, saveClip, share } from "./takeaway.js";
import { clock } from "./texts.js";
import { showBlocks, startTimeline } from "./timeline.js";
import { showSound, startView } from "./view.js";

const MAX_MEGABYTES = 300;
const MAX_MINUTES = 60;
// Nothing smaller is too long.
const SURELY_SHORT_BYTES = 10 * 2 ** 20;

/** @type {Record<Verdict, State>} */
const STATES = { bird: "result", unsure: "unsure", no_bird: "no-bird" };

/** @type {Recording | null} */
let recording = null;
/** @type {Answer | null} */
let answer = null;
/** @type {Stretch | null} */
let sentPart = null;

startView();
startPlayer();
startTimeline();
onClick("send-part", () => send(selection));
onClick("save-clip", () => selection && recording && saveClip(selection, recording.file.name));
onClick("share", () => answer && share(answer));
for (const format of /** @type {const} */ (["csv", "json", "raven", "audacity"])) {
	onClick(`save-${format}`, () => answer && saveAs(answer, recording?.file.name ?? "shared", format));
}

/** @param {File} file */
export function choose(file) {
	forget();
	const player = $("player", HTMLAudioElement);
	const mine = { file, url: URL.createObjectURL(file), work: new AbortController(), samples: Promise.resolve(null) };
	player.src = mine.url;
	recording = mine;
	sentPart = null;
	write("sound-title", file.name);
	write("sound-length", "");
	showPicture("waiting");
	select(null);
	refresh();
	showState("chosen");
	recording.samples = open(mine, player);
	recording.samples.catch((error) => mine === recording && explain(error));
}

function forget() {
	recording?.work.abort();
	if (recording) URL.revokeObjectURL(recording.url);
	recording = answer = null;
	showBlocks([]);
}

/** Decodes the file and shows its sound. @param {Recording} mine @param {HTMLAudioElement} player */
async function open(mine, player) {
	const { size } = mine.file;
	if (size === 0) throw new ApiError("empty_file");
	if (size > MAX_MEGABYTES * 2 ** 20) throw new ApiError("big_file", "", { megabytes: MAX_MEGABYTES });
	const long = size > SURELY_SHORT_BYTES && (await lengthIn(player)) > MAX_MINUTES * 60;
	if (long) throw new ApiError("long_file", "", { minutes: MAX_MINUTES });
	const sound = await decode(mine.file);
	if (mine !== recording) return null;
	if (!sound) return showPicture("none");
	const samples = await hold(sound, () => mine === recording && showPicture("ready"));
	if (mine !== recording) return null;
	showPicture("drawing");
	write("sound-length", clock(samples / SAMPLE_RATE));
	showSound(samples / SAMPLE_RATE);
	return samples;
}

/** @param {"waiting" | "drawing" | "ready" | "none" | "gone"} state */
function showPicture(state) {
	$("sound").dataset.picture = state;
	return null;
}

/** @param {Stretch | null} part */
async function send(part) {
	if (!recording) return;
	recording.work.abort();
	recording.work = new AbortController();
	const { signal } = recording.work;
	sentPart = part;
	try {
		showState("preparing");
		const found = await identify(recording, part);
		if (!signal.aborted) showResult(found);
	} catch (error) {
		if (!signal.aborted) explain(error);
	}
}

export const sendAgain = () => send(sentPart);

/** @param {unknown} error */
export function explain(error) {
	const known = error instanceof ApiError;
	showState("error", null, known ? error : new ApiError("page"));
	if (!known) throw error;
}

export function back() {
	recording?.work.abort();
	sentPart = null;
	showState(recording ? "chosen" : "empty");
}

/** @param {Answer} found */
function showResult(found) {
	answer = found;
	refresh();
	showState(STATES[found.verdict], found);
	forgetKept();
}

/** @param {Answer} shared */
export function showShared(shared) {
	forget();
	showPicture("gone");
	showResult(shared);
}

export function refresh() {
	if (!answer) return;
	showBlocks(answer.windows);
	showDetails(answer, Boolean(recording));
}

/** The page's story: choose or record, look, listen, send, read the answer, take it away. */

import { ApiError, loadSpecies } from "./api.js";
import { SAMPLE_RATE } from "./core/parts.js";
import { fromFragment } from "./core/share.js";
import { currentState, showAnswer, showState, write } from "./page/answer.js";
import { startBirds } from "./page/birds.js";
import { showDetails } from "./page/details.js";
import { element, make, onClick } from "./page/elements.js";
import { identify } from "./page/identify.js";
import { startInputs } from "./page/inputs.js";
import { forgetKept, keep, kept } from "./page/keep.js";
import { select, selection, startPlayer } from "./page/player.js";
import { record, whyNot } from "./page/recorder.js";
import { decode, hold, lengthIn } from "./page/sound.js";
import { saveClip, startTakeaway } from "./page/takeaway.js";
import { clock, nameOf, preferredLanguage, text, useLanguage } from "./page/texts.js";
import { showBlocks, startTimeline } from "./page/timeline.js";
import { showSound, startView } from "./page/view.js";

/** @import { Answer, Recording } from "./types" */

const MAX_MEGABYTES = 300;
const MAX_MINUTES = 60;
// A smaller file is not too long; larger ones are asked for their length before they are decoded.
const SURELY_SHORT_BYTES = 10 * 2 ** 20;

/** @type {Recording | null} */
let recording = null;
/** @type {Answer | null} */
let answer = null;
/** What "Try again" does. */
let again = () => send(null);
let stopRecording = new AbortController();

/** @param {File} file */
function choose(file) {
  forget();
  const player = element("player", HTMLAudioElement);
  const url = URL.createObjectURL(file);
  player.src = url;
  const mine = { file, url, work: new AbortController(), samples: Promise.resolve(null) };
  recording = mine;
  document.body.dataset.sound = "yes";
  element("sound-title").textContent = file.name;
  element("sound-length").textContent = "";
  showPicture("waiting");
  select(null);
  refresh();
  showState("chosen");
  again = () => send(null);
  recording.samples = open(mine, player);
  recording.samples.catch((error) => mine === recording && explain(error));
}

/** Stops the work on the recording and gives its memory back. */
function forget() {
  recording?.work.abort();
  if (recording) URL.revokeObjectURL(recording.url);
  recording = answer = null;
  showBlocks([]);
}

/**
 * Decodes the file and shows its sound; null where this browser cannot. Raises ApiError for what must not be tried.
 * @param {Recording} mine @param {HTMLAudioElement} player
 */
async function open(mine, player) {
  const { size } = mine.file;
  if (size === 0) throw new ApiError("empty_file");
  if (size > MAX_MEGABYTES * 2 ** 20) throw new ApiError("big_file", "", { megabytes: MAX_MEGABYTES });
  const long = size > SURELY_SHORT_BYTES && (await lengthIn(player)) > MAX_MINUTES * 60;
  if (long) throw new ApiError("long_file", "", { minutes: MAX_MINUTES });
  const channels = await decode(mine.file);
  if (mine !== recording) return null;
  if (!channels) return showPicture("none");
  const samples = await hold(channels, () => mine === recording && showPicture("ready"));
  if (mine !== recording) return null;
  showPicture("drawing");
  element("sound-length").textContent = clock(samples / SAMPLE_RATE);
  showSound(samples / SAMPLE_RATE);
  return samples;
}

/** @param {"waiting" | "drawing" | "ready" | "none"} state */
function showPicture(state) {
  element("sound").dataset.picture = state;
  return null;
}

/** Sends the recording, or a stretch of it. @param {{start: number, end: number} | null} stretch */
async function send(stretch) {
  const mine = recording;
  if (!mine) return;
  mine.work.abort();
  mine.work = new AbortController();
  const { signal } = mine.work;
  again = () => send(stretch);
  try {
    showState("preparing");
    const found = await identify(mine, stretch);
    if (!signal.aborted) showResult(found);
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
}

/** @param {Answer} found */
function showResult(found) {
  answer = found;
  showBlocks(found.windows);
  showDetails(found, Boolean(recording));
  showAnswer(found);
  void forgetKept();
}

/** Every failure ends as one sentence. @param {unknown} error */
function explain(error) {
  showState("error", { trouble: error instanceof ApiError ? error : new ApiError("page") });
  if (!(error instanceof ApiError)) throw error;
}

async function startRecording() {
  again = startRecording;
  stopRecording = new AbortController();
  try {
    const file = await record(stopRecording.signal, () => showState("recording"));
    if (stopRecording.signal.reason === "discard") return showState(recording ? "chosen" : "empty");
    if (!file) throw new ApiError("short_recording");
    choose(file);
    await keep(file);
  } catch (error) {
    explain(error instanceof DOMException ? new ApiError(error.name === "NotFoundError" ? "no_microphone" : "denied_microphone") : error);
  }
}

/** Leaves what is going on; the recording stays. */
function back() {
  recording?.work.abort();
  showState(recording ? "chosen" : "empty");
}

/** Writes what depends on the language. */
function refresh() {
  write();
  element("player").setAttribute("aria-label", text("player", { name: recording?.file.name ?? "" }));
  element("record-why").textContent = whyNot() && text(whyNot());
  element("offline").textContent = text("offline");
  if (answer) showBlocks(answer.windows);
  if (answer) showDetails(answer, Boolean(recording));
}

async function showKnown() {
  const list = element("known-list");
  if (!element("known", HTMLDetailsElement).open) return;
  const names = await loadSpecies().then((all) => all.map(nameOf).sort(), () => [text("error.network")]);
  list.replaceChildren(...names.map((name) => make("li", name)));
}

/** A shared link shows its result, without the sound. */
function openShared() {
  const shared = location.hash.startsWith("#result=") && fromFragment(location.hash.slice(8));
  if (!shared) return;
  forget();
  document.body.dataset.sound = "no";
  showResult(shared);
}

async function startLanguage() {
  const choice = element("language", HTMLSelectElement);
  choice.value = preferredLanguage();
  await useLanguage(choice.value);
  choice.addEventListener("change", async () => {
    localStorage.setItem("language", choice.value);
    await useLanguage(choice.value);
    refresh();
  });
}

function startOffline() {
  const tell = () => element("offline").toggleAttribute("hidden", navigator.onLine);
  addEventListener("online", tell);
  addEventListener("offline", tell);
  tell();
  void navigator.serviceWorker?.register("sw.js", { type: "module" });
}

async function start() {
  await startLanguage();
  startView();
  startPlayer();
  startTimeline();
  startInputs(choose);
  startTakeaway(() => answer && { answer, name: recording?.file.name ?? "shared" });
  element("record", HTMLButtonElement).disabled = Boolean(whyNot());
  onClick("record", startRecording);
  onClick("record-stop", () => stopRecording.abort("stop"));
  onClick("record-discard", () => stopRecording.abort("discard"));
  onClick("send", () => again());
  onClick("send-part", () => send(selection()));
  onClick("save-clip", () => saveClip(recording?.file.name ?? ""));
  onClick("cancel", back);
  element("known").addEventListener("toggle", showKnown);
  addEventListener("hashchange", openShared);
  startOffline();
  refresh();
  openShared();
  startBirds();
  const left = currentState() === "empty" && (await kept());
  if (left && currentState() === "empty") choose(left);
}

start();

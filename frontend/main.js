/** The page's story: choose, listen, send, read the answer. */

import { ApiError, classify } from "./api.js";
import { showAnswer, showError, showState } from "./page/answer.js";
import { startBirds } from "./page/birds.js";
import { element } from "./page/elements.js";
import { text, useLanguage } from "./page/texts.js";

const MAX_MEGABYTES = 300;

/** @typedef {{file: File, url: string, work: AbortController}} Recording */

/** @type {Recording | null} */
let recording = null;

/** @param {File} file */
function choose(file) {
  forget();
  recording = { file, url: URL.createObjectURL(file), work: new AbortController() };
  element("sound-title", HTMLElement).textContent = file.name;
  const player = element("player", HTMLAudioElement);
  player.src = recording.url;
  player.setAttribute("aria-label", text("player", { name: file.name }));
  if (usable(file)) showState("chosen");
}

/** Stops the work on the recording and gives its memory back. */
function forget() {
  if (!recording) return;
  recording.work.abort();
  URL.revokeObjectURL(recording.url);
  recording = null;
}

/** @param {File} file */
function usable(file) {
  if (file.size === 0) showError("empty_file", "");
  else if (file.size > MAX_MEGABYTES * 2 ** 20) showError("big_file", "", { megabytes: MAX_MEGABYTES });
  else return true;
  return false;
}

async function send() {
  if (!recording || !usable(recording.file)) return;
  const work = new AbortController();
  recording.work = work;
  try {
    showState("preparing");
    const data = await toBase64(recording.file);
    work.signal.throwIfAborted();
    showState("analysing");
    showAnswer(await classify(data, work.signal));
  } catch (error) {
    if (work.signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    showError(error.code, error.message);
  }
}

/** @param {Blob} blob @returns {Promise<string>} */
function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1] ?? "");
    reader.onerror = () => reject(new ApiError("empty_file"));
    reader.readAsDataURL(blob);
  });
}

async function start() {
  await useLanguage("en");
  startBirds();
  const input = element("file", HTMLInputElement);
  input.addEventListener("change", () => {
    if (input.files?.[0]) choose(input.files[0]);
    input.value = "";
  });
  element("send", HTMLElement).addEventListener("click", send);
  element("cancel", HTMLElement).addEventListener("click", () => {
    recording?.work.abort();
    showState("chosen");
  });
}

start();

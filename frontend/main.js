/** The page until there is a recording; the rest is loaded when it is needed. */

import { ApiError, loadSpecies } from "./api.js";
import { currentState, showState, writeCard } from "./page/answer.js";
import { startBirds } from "./page/birds.js";
import { $, make, onClick, show, write } from "./page/elements.js";
import { startInputs } from "./page/inputs.js";
import { kept, keep } from "./page/keep.js";
import { nameOf, text, useLanguage } from "./page/texts.js";

/** @type {typeof import("./page/session.js") | undefined} */
let session;
let recordingFailed = false;
let stop = new AbortController();
const why = isSecureContext ? "" : "record.insecure";

const load = async () => (session = await import("./page/session.js"));

/** @param {File} file */
async function choose(file) {
	stop.abort("discard");
	recordingFailed = false;
	(await load()).choose(file);
}

async function startRecording() {
	stop.abort();
	const mine = (stop = new AbortController());
	const { explain, back } = await load();
	recordingFailed = true;
	try {
		const { record } = await import("./page/recorder.js");
		const file = await record(mine.signal, () => showState("recording"));
		if (mine !== stop) return;
		if (mine.signal.reason === "discard") return back();
		if (!file) throw new ApiError("short_recording");
		await choose(file);
		await keep(file);
	} catch (error) {
		explain(error instanceof DOMException ? new ApiError("microphone") : error);
	}
}

function send() {
	if (recordingFailed) startRecording();
	else session?.sendAgain();
}

function refresh() {
	writeCard();
	write("record-why", why && text(why));
	write("offline", text("offline"));
	session?.refresh();
}

async function showKnown() {
	if (!$("known", HTMLDetailsElement).open) return;
	const names = await loadSpecies().then((all) => all.map(nameOf).sort(), () => [text("error.network")]);
	$("known-list").replaceChildren(...names.map((name) => make("li", name)));
}

async function openShared() {
	if (!location.hash.startsWith("#result=")) return;
	const { fromFragment } = await import("./core/share.js");
	const shared = await fromFragment(location.hash.slice(8));
	if (shared) (await load()).showShared(shared);
}

async function startLanguage() {
	const choice = $("language", HTMLSelectElement);
	choice.value = "";
	const use = () => useLanguage(choice.value).then(refresh);
	// What is not in the list leaves it empty.
	for (const wanted of [localStorage.getItem("language"), ...navigator.languages, "en"]) {
		choice.value = choice.value || wanted?.slice(0, 2) || "";
	}
	choice.addEventListener("change", () => {
		localStorage.setItem("language", choice.value);
		use();
	});
	navigator.serviceWorker?.addEventListener("controllerchange", use); // It keeps the language too.
	await use();
}

function startOffline() {
	const tell = () => show("offline", !navigator.onLine);
	addEventListener("online", tell);
	addEventListener("offline", tell);
	tell();
	navigator.serviceWorker?.register("sw.js");
}

async function start() {
	startInputs(choose);
	onClick("pick", load); // While the reader looks for a file.
	$("record", HTMLButtonElement).disabled = Boolean(why);
	onClick("record", startRecording);
	onClick("record-stop", () => stop.abort("stop"));
	onClick("record-discard", () => stop.abort("discard"));
	onClick("send", send);
	onClick("cancel", () => session?.back());
	$("known").addEventListener("toggle", showKnown);
	addEventListener("hashchange", openShared);
	await startLanguage();
	await openShared();
	startBirds();
	startOffline();
	const left = currentState() === "empty" && (await kept());
	if (left && currentState() === "empty") choose(left);
}

start();

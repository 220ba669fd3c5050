/** Names birds while they sing: the microphone, the rows, the end. */

import {SAMPLE_RATE} from "../core/chunks.js"
import {wavHeader} from "../core/wav.js"
import {askDevice, onLook, tellDevice} from "./device.js"
import {$, make, write} from "./dom.js"
import {clock, nameOf, percent, text} from "./i18n.js"
import {drawLive, openMicrophone, plugIn} from "./live-picture.js"
import {loadSeasons, marks} from "./season.js"
import {keepAwake} from "./wake-lock.js"

const MAX_SECONDS = 3600

/**
 * Listen until `stop` or for an hour. Return the recording, with its answer where the network could
 * be loaded. Throws DOMException.
 * @param {AbortSignal} stop @param {() => void} onStart @returns {Promise<Listened>}
 */
export async function listen(stop, onStart) {
	tellDevice({load: true}, [])
	loadSeasons()
	const stream = await openMicrophone()
	const context = new AudioContext()
	// Without a press, as from the shortcut, it may wait for the first one.
	document.addEventListener("pointerdown", () => context.resume(), {once: true})
	const release = keepAwake()
	try {
		const {port, analyser} = await plugIn(stream, context)
		showRows([])
		write("listen-time", clock(0))
		write("listen-state", text("listen.loading"))
		onStart()
		drawLive(analyser, "listen-live", "listen-level")
		const ready = askDevice({rate: context.sampleRate})
		ready.then(
			() => write("listen-state", text("listen.ready")),
			() => write("listen-state", text("listen.later"))
		)
		ready.then(keep).catch(() => {}) // The next time, perhaps.
		await collect(port, context.sampleRate, stop)
	} finally {
		release()
		onLook(() => {})
		for (const track of stream.getTracks()) track.stop()
		await context.close()
	}
	return finish()
}

/** Once it is here it stays. */
const keep = async () => (await import("./offline.js")).keepForOffline()

/** @param {MessagePort} port @param {number} rate @param {AbortSignal} stop */
const collect = (port, rate, stop) =>
	new Promise(resolve => {
		let samples = 0
		const end = () => resolve(undefined)
		/** @param {MessageEvent<Int16Array<ArrayBuffer>>} event */
		port.onmessage = ({data}) => {
			samples += data.length
			tellDevice({heard: data}, [data.buffer])
			write("listen-time", clock(Math.floor(samples / rate)))
			if (samples >= MAX_SECONDS * rate) end()
		}
		onLook(({birds}) => showRows(birds))
		stop.addEventListener("abort", end)
		if (stop.aborted) end()
	})

async function finish() {
	const {sound = new Blob(), length = 0, answer} = await askDevice({end: true})
	const name = new Date().toLocaleString("sv").replaceAll(":", ".")
	const parts = [wavHeader(length, SAMPLE_RATE), sound]
	const file = new File(parts, `${name}.wav`, {type: "audio/wav"})
	const {join} = await import("../core/join.js")
	const job = {chunks: [{start: 0, end: length}], answers: [answer]}
	const found = answer && answer !== "silent" ? join(job) : null
	return {file, seconds: length / SAMPLE_RATE, answer: found && {...found, answered_by: "device"}}
}

/** Rows stay where they are: a name that is read does not jump. @param {Tallied[]} birds */
function showRows(birds) {
	const list = $("heard-now")
	if (!birds.length) list.replaceChildren()
	for (const bird of birds) {
		const known = [...list.children].find(
			each => each.getAttribute("data-species") === bird.scientific_name
		)
		const item = known ?? list.appendChild(row(bird))
		const words = {time: clock(Math.floor(bird.first_seconds)), count: bird.count}
		const [sure, times] = item.querySelectorAll("span:not(.name)")
		sure.textContent = percent(bird.confidence)
		times.textContent = text("listen.heard", words)
		item.toggleAttribute("data-lit", bird.lit)
		item.setAttribute("data-certain", String(bird.certain))
		if (!known) write("heard-said", nameOf(bird))
	}
}

/** @param {Tallied} bird */
function row(bird) {
	const latin = make("i", bird.scientific_name)
	latin.lang = "la"
	const name = make("span", [`${nameOf(bird)} `, latin], "name")
	const [sure, times] = [make("span", "", "sure ltr"), make("span", "", "times small")]
	const item = make("li", [name, sure, times, ...marks(bird, new Date())])
	item.dataset.species = bird.scientific_name
	return item
}

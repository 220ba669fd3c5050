/** Records from the microphone, with a level meter and a live spectrogram. */

import {wavHeader} from "../core/wav.js"
import {$, write} from "./dom.js"
import {clock} from "./i18n.js"
import {drawLive, openMicrophone, plugIn} from "./live-picture.js"

const MIN_SECONDS = 3
const MAX_SECONDS = 60

/**
 * Record until `stop`, 60 s or a hidden page; return null under 3 s. Throws DOMException.
 * @param {AbortSignal} stop @param {() => void} onStart
 */
export async function record(stop, onStart) {
	const stream = await openMicrophone()
	const context = new AudioContext()
	try {
		const {port, analyser} = await plugIn(stream, context)
		onStart()
		drawLive(analyser, "live")
		return toFile(await collect(port, context.sampleRate, stop), context.sampleRate)
	} finally {
		for (const track of stream.getTracks()) track.stop()
		await context.close()
	}
}

/** @type {Collect} */
const collect = (port, rate, stop) =>
	new Promise(resolve => {
		/** @type {Batches} */
		const batches = []
		const end = () => resolve(batches)
		const update = (seconds = 0) => {
			write("record-time", `${clock(Math.floor(seconds))} / ${clock(MAX_SECONDS)}`)
			$("record-stop", HTMLButtonElement).disabled = seconds < MIN_SECONDS
			if (seconds >= MAX_SECONDS) end()
		}
		port.onmessage = ({data}) => update((batches.push(data) * data.length) / rate)
		stop.addEventListener("abort", end)
		if (stop.aborted) end()
		document.addEventListener("visibilitychange", end, {once: true})
		update()
	})

/** @param {Batches} batches */
function toFile(batches, rate = 0) {
	const count = batches.reduce((sum, batch) => sum + batch.length, 0)
	if (count < MIN_SECONDS * rate) return null
	const name = new Date().toLocaleString("sv").replaceAll(":", ".")
	return new File([wavHeader(count, rate), ...batches], `${name}.wav`, {type: "audio/wav"})
}

/** Names what was recorded while nothing could name it, once this device can. */

import {ApiError} from "../api.js"
import {askDevice} from "./device.js"
import {findUnnamed, keepAnswer, toFile} from "./history.js"
import {decode} from "./sound.js"

const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [2_000, 300_000]

let busy = false
let pause = FIRST_PAUSE_MS

/** One after the other; where that fails, what is left after a pause, if there is a network. */
export async function nameWaiting() {
	if (busy) return
	busy = true
	try {
		for (const entry of await findUnnamed()) await name(entry)
		pause = FIRST_PAUSE_MS
	} catch {
		// Its return is an event; but just then the first request may still fail.
		if (navigator.onLine) setTimeout(nameWaiting, pause)
		pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
	} finally {
		busy = false
	}
}

/** @param {Entry} entry */
async function name(entry) {
	const file = toFile(entry)
	const sound = await decode(file)
	if (!sound) return
	const {answer, length = 0} = await askDevice({sound}).catch(unlessNoSound)
	const {join} = await import("../core/join.js")
	const job = {chunks: [{start: 0, end: length}], answers: [answer]}
	const found = answer && answer !== "silent" ? join(job) : null
	if (found) await keepAnswer(file, {...found, answered_by: "device"})
}

/** One without a sound must not hold up the others. @type {(error: unknown) => FromListenWorker} */
function unlessNoSound(error) {
	if (error instanceof ApiError && error.code === "undecodable_audio") return {}
	throw error
}

/** Names what was recorded while nothing could name it, once this device can. */

import {askDevice} from "./device.js"
import {findUnnamed, keepAnswer, toFile} from "./history.js"
import {decode} from "./sound.js"

let busy = false

/** One after the other; what fails waits for the next time. */
export async function nameWaiting() {
	if (busy) return
	busy = true
	try {
		for (const entry of await findUnnamed()) await name(entry)
	} finally {
		busy = false
	}
}

/** @param {Entry} entry */
async function name(entry) {
	const file = toFile(entry)
	const sound = await decode(file)
	if (!sound) return
	const {answer, length = 0} = await askDevice({sound})
	const {join} = await import("../core/join.js")
	const job = {chunks: [{start: 0, end: length}], answers: [answer]}
	const found = answer && answer !== "silent" ? join(job) : null
	if (found) await keepAnswer(file, {...found, answered_by: "device"})
}

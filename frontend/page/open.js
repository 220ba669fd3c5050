/** Opens a recording: its limits, its sound, its picture. */

import {ApiError} from "../api.js"
import {SAMPLE_RATE} from "../core/chunks.js"
import {$, write} from "./dom.js"
import {clock} from "./i18n.js"
import {showMap} from "./minimap.js"
import {decode, hold} from "./sound.js"
import {showSound} from "./view.js"

// An hour of mono sound at 44.1 kHz has 303.
const MAX_MEGABYTES = 400
const MAX_MINUTES = 60
// An hour's file is often some seconds longer.
const MAX_SECONDS = (MAX_MINUTES + 1) * 60

/** @param {Picture} state */
export function showPicture(state) {
	$("sound").dataset.picture = state
	return null
}

/** Return the number of samples, null where this browser cannot decode. @type {Open} */
export const open = async (file, length, isCurrent) => {
	const {size} = file
	if (size === 0) throw new ApiError("empty_file")
	if (size > MAX_MEGABYTES * 2 ** 20) throw new ApiError("big_file", "", {megabytes: MAX_MEGABYTES})
	refuseLong(await length)
	const sound = await decode(file)
	if (!isCurrent()) return null
	if (!sound) return showPicture("none")
	const samples = await hold(sound, state => isCurrent() && showPicture(state))
	if (!isCurrent()) return null
	if (samples < 0) return showPicture("none") // The API has words for it.
	const seconds = samples / SAMPLE_RATE
	refuseLong(seconds)
	write("sound-length", clock(seconds))
	showMap(seconds)
	showSound(seconds)
	return samples
}

function refuseLong(seconds = 0) {
	if (seconds >= MAX_SECONDS) throw new ApiError("long_file", "", {minutes: MAX_MINUTES})
}

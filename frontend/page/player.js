/** Plays a recording or a part of it, and holds the selection. */

import {$, onClick, show} from "./dom.js"
import {reveal, stripPercent, timeAt} from "./view.js"

const DRAG_PIXELS = 5
/** @type {Part | null} */
export let selection = null
let stopAt = Infinity
let seekIsOurs = false
/** @type {HTMLAudioElement} */
let player

const field = (id = "") => $(id, HTMLInputElement)

export function startPlayer() {
	player = $("player", HTMLAudioElement)
	player.onplay = follow
	player.ontimeupdate = showPlayhead
	player.onseeking = () => {
		if (!seekIsOurs) stopAt = Infinity
		seekIsOurs = false
	}
	field("part-from").onchange = field("part-to").onchange = selectFields
	onClick("play-part", () => selection && play(selection))
	onClick("clear-part", () => select(null))
	$("spectrogram").onpointerdown = drag
}

/** Select a part and play it. @param {Part} part */
export function play(part) {
	select(part)
	stopAt = part.end
	seekIsOurs = true
	player.currentTime = part.start
	player.play().catch(() => {})
}

/** @param {Part | null} part */
export function select(part) {
	selection = part
	for (const id of ["selection", "part-tools"]) show(id, Boolean(part))
	show("part-hint", !part)
	field("part-from").value = part?.start.toFixed(1) ?? ""
	field("part-to").value = part?.end.toFixed(1) ?? ""
	if (!part) return
	const {style} = $("selection")
	style.left = stripPercent(part.start)
	style.width = stripPercent(part.end - part.start)
}

function selectFields() {
	const [start, end] = ["part-from", "part-to"].map(id => field(id).valueAsNumber)
	const length = player.duration || Infinity
	if (start >= 0 && end > start && start < length) select({start, end: Math.min(end, length)})
}

/** A click seeks, a drag selects; a finger's drag scrolls instead. @param {PointerEvent} down */
function drag(down) {
	const canvas = $("spectrogram")
	const from = timeAt(down)
	let dragged = false
	canvas.setPointerCapture(down.pointerId)
	canvas.onpointermove = move => {
		const to = timeAt(move)
		dragged ||= Math.abs(move.clientX - down.clientX) > DRAG_PIXELS
		if (!dragged || down.pointerType === "touch") return
		select({start: Math.min(from, to), end: Math.max(from, to)})
	}
	canvas.onpointercancel = () => (dragged = true)
	canvas.onlostpointercapture = () => {
		canvas.onpointermove = null
		if (!dragged) player.currentTime = from
	}
}

function follow() {
	if (player.paused) return
	if (player.currentTime >= stopAt) player.pause()
	showPlayhead()
	reveal(player.currentTime)
	requestAnimationFrame(follow)
}

const showPlayhead = () => void ($("playhead").style.left = stripPercent(player.currentTime))

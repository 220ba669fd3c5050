/** Plays a recording or a part of it, and holds the selection. */

import {$, onClick, show} from "./dom.js"
import {reveal, stripPercent, timeAt} from "./view.js"

const DRAG_PIXELS = 5
/** @type {Part | null} */
export let selection = null
let stopAt = Infinity
let seekIsOurs = false
let loops = false
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
	document.addEventListener("keydown", onKey)
	field("part-from").onchange = field("part-to").onchange = selectFields
	onClick("play-part", () => selection && play(selection))
	onClick("clear-part", () => select(null))
	$("spectrogram").onpointerdown = drag
}

/** Space plays and pauses, unless the focus is on what takes it. @param {KeyboardEvent} event */
function onKey(event) {
	const takes = "button, input, select, summary, a, audio"
	const taken = event.target instanceof Element && event.target.closest(takes)
	if (event.key !== " " || taken || !player.offsetParent) return
	event.preventDefault()
	if (player.paused) player.play().catch(() => {})
	else player.pause()
}

/** Select a part and play it; pause where it plays already. @param {Part} part */
export function play(part) {
	const same = selection?.start === part.start && stopAt === part.end
	if (same && !player.paused) return player.pause()
	select(part)
	stopAt = part.end
	seekIsOurs = true
	player.currentTime = part.start
	player.play().catch(() => {})
}

export const setLoop = (on = false) => void (loops = on)

/** An octave lower too: the highest songs become audible. */
export function setSlow(on = false) {
	player.preservesPitch = false
	player.playbackRate = on ? 0.5 : 1
}

/** @param {Part | null} part */
export function select(part) {
	selection = part
	dispatchEvent(new CustomEvent("part", {detail: part}))
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
	if (player.currentTime >= stopAt) {
		if (!loops || !selection) return player.pause()
		seekIsOurs = true
		player.currentTime = selection.start
	}
	showPlayhead()
	reveal(player.currentTime)
	requestAnimationFrame(follow)
}

const showPlayhead = () => void ($("playhead").style.left = stripPercent(player.currentTime))

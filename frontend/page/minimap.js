/** The whole recording, one screen wide: where the birds sing, and what of it is seen above. */

import {$, show} from "./dom.js"
import {giveMap} from "./sound.js"

const MIN_SECONDS = 120

export function startMap() {
	const [map, box] = [$("minimap"), $("scroller")]
	giveMap($("overview", HTMLCanvasElement))
	/** @param {PointerEvent} event */
	const scroll = event => {
		const {left, width} = map.getBoundingClientRect()
		box.scrollLeft = ((event.clientX - left) / width) * box.scrollWidth - box.clientWidth / 2
	}
	map.onpointerdown = event => {
		map.setPointerCapture(event.pointerId)
		map.onpointermove = scroll
		scroll(event)
	}
	map.onlostpointercapture = () => (map.onpointermove = null)
	box.addEventListener("scroll", placeFrame)
	const seen = new ResizeObserver(placeFrame)
	for (const each of [box, $("strip")]) seen.observe(each)
}

export const showMap = (seconds = 0) => show("minimap", seconds >= MIN_SECONDS)

function placeFrame() {
	const {scrollLeft, clientWidth, scrollWidth} = $("scroller")
	const percent = (pixels = 0) => `${(100 * pixels) / scrollWidth}%`
	Object.assign($("frame").style, {left: percent(scrollLeft), width: percent(clientWidth)})
}

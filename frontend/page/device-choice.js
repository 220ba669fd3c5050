/** Whether a file is named on this device or by the service: the reader's choice, kept. */

import {canListen} from "../api.js"
import {$, show, write} from "./dom.js"
import {text} from "./i18n.js"

const KEY = "on-device"
const SPEED_KEY = "service-speed"
// Times as fast as the recording lasts; this device is beyond 50.
const SLOW = 5

/** Where the network is slow the service is, and this device is not. */
function isSlow() {
	// What browsers tell of the connection.
	const {effectiveType = "4g"} = /** @type {any} */ (navigator).connection ?? {}
	return effectiveType !== "4g" || Number(sessionStorage.getItem(SPEED_KEY) ?? SLOW) < SLOW
}

/** How fast the service named a recording. */
export const noteSpeed = (times = 0) => sessionStorage.setItem(SPEED_KEY, String(times))

const isChosen = () => (localStorage.getItem(KEY) ?? String(isSlow())) === "true"

/** Without a network there is no other way. */
export const usesDevice = () => canListen && (isChosen() || !navigator.onLine)

export function startDeviceChoice() {
	const choice = $("on-device", HTMLInputElement)
	show("device-choice", canListen)
	choice.onchange = () => {
		localStorage.setItem(KEY, String(choice.checked))
		writeDeviceChoice()
	}
}

export function writeDeviceChoice() {
	$("on-device", HTMLInputElement).checked = isChosen()
	write("privacy", text(usesDevice() ? "privacy.device" : "privacy"))
}

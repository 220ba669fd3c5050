/** Our own network on LiteRT.js: one window at a time, nothing leaves the device. */

import {ApiError, loadBytes} from "../api.js"
import {judgeWindow} from "../core/judge.js"
import {CONSTANTS, LIBRARY, LOADER, NETWORK, WASM} from "../core/listen-files.js"
import {fill, toInput} from "../core/network-input.js"
import {BINS} from "../core/stft.js"

/** @type {LoadNetwork} */
export const loadNetwork = async () => {
	const [constants, file] = await loadModel()
	// What it tells is no error of ours.
	Object.assign(self, {Module: {locateFile: () => WASM, printErr: console.debug}})
	/** @type {LiteRt} */
	const {loadLiteRt, loadAndCompile, Tensor} = await import(LIBRARY)
	await loadLiteRt(LOADER)
	const network = await loadAndCompile(file, {accelerator: "wasm"})
	return {
		constants,
		async judge(samples) {
			const bytes = toInput(fill(samples))
			return judgeWindow(constants, bytes && (await look(bytes)))
		}
	}

	/** @param {Uint8Array} bytes */
	async function look(bytes) {
		const spectrogram = new Tensor(bytes, [1, BINS, bytes.length / BINS])
		const {probabilities, ...heard} = await network.run({spectrogram})
		const [bird, another] = [heard.bird, heard.another].map(each => each?.toTypedArray()[0])
		const seen = {probabilities: probabilities.toTypedArray(), bird, another}
		for (const each of [spectrogram, probabilities, ...Object.values(heard)]) each?.delete()
		return seen
	}
}

/** Both files of one model: while it is swapped, one may be newer. @type {LoadModel} */
const loadModel = async (cache = "default") => {
	const [file, text] = await Promise.all([NETWORK, CONSTANTS].map(url => loadBytes(url, cache)))
	const constants = JSON.parse(new TextDecoder().decode(text))
	if (await belongs(file, constants.browser_sha256)) return [constants, file]
	if (cache === "default") return loadModel("reload")
	throw new ApiError("network")
}

/** Without HTTPS a browser has no digests. @param {Uint8Array<ArrayBuffer>} file */
async function belongs(file, expected = "") {
	if (!crypto.subtle) return true
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", file))
	return expected === Array.from(digest, byte => byte.toString(16).padStart(2, "0")).join("")
}

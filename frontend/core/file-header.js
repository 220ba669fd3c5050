/** What the first bytes of a file tell. */

import {SAMPLE_RATE} from "./chunks.js"
import {wavHeader} from "./wav.js"

const WAV_HEADER_BYTES = 44
// Before it an Ogg file has its page, and others a tag.
const SEARCH_BYTES = 2 ** 20
const BITS_IN_FLAC = 20

/** The samples of a WAV as this page writes it at 22,050 Hz; null of any other. @type {ReadWav} */
export const readWav = file => {
	const count = (file.byteLength - WAV_HEADER_BYTES) / 2
	if (count <= 0 || !Number.isInteger(count)) return null
	const ours = wavHeader(count, SAMPLE_RATE)
	const header = new Uint32Array(file, 0, ours.length)
	return ours.every((word, i) => word === header[i]) ? new Int16Array(file, WAV_HEADER_BYTES) : null
}

/** Whether it holds more than 16 bits a sample, and loses none. @param {ArrayBuffer} file */
export function isFine(file) {
	const bytes = new Uint8Array(file, 0, Math.min(SEARCH_BYTES, file.byteLength))
	const begins = (/** @type {string[]} */ ...names) => names.includes(letters(bytes, 0))
	if (begins("RIFF", "RF64", "BW64")) return bitsOfWav(bytes) > 16
	const flac = begins("fLaC", "OggS") || letters(bytes, 0).startsWith("ID3")
	return flac && bitsOfFlac(bytes) > 16
}

const letters = (/** @type {Uint8Array} */ bytes, at = 0) =>
	String.fromCharCode(...bytes.subarray(at, at + 4))

/** A-law, mu-law and ADPCM have fewer. @param {Uint8Array} bytes */
function bitsOfWav(bytes) {
	const view = new DataView(bytes.buffer, 0, bytes.length)
	for (let at = 12; at + 24 <= bytes.length;) {
		if (letters(bytes, at) === "fmt ") return view.getUint16(at + 22, true)
		const size = view.getUint32(at + 4, true)
		at += 8 + size + (size % 2)
	}
	return 0
}

/** @param {Uint8Array} bytes */
function bitsOfFlac(bytes) {
	const at = bytes.findIndex((byte, i) => byte === 0x66 && letters(bytes, i) === "fLaC")
	if (at < 0) return 0
	const [high, low] = bytes.subarray(at + BITS_IN_FLAC)
	return (((high & 1) << 4) | (low >> 4)) + 1
}

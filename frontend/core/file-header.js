/** What the first bytes of a file tell. */

import {SAMPLE_RATE} from "./chunks.js"
import {WAV, chunkOf, toText} from "./sample-rate.js"
import {wavHeader} from "./wav.js"

const WAV_HEADER_BYTES = 44
const BITS_IN_FMT = 22
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
	const text = toText(file)
	const view = new DataView(file)
	const flac = text.indexOf("fLaC")
	// A-law, mu-law and ADPCM have fewer.
	if (WAV.test(text)) return view.getUint16(chunkOf(file, "fmt ", true) + BITS_IN_FMT, true) > 16
	// Before it an Ogg file has its page, and others a tag.
	if (flac < 0 || !/^(fLaC|OggS|ID3)/.test(text)) return false
	return ((view.getUint16(flac + BITS_IN_FLAC) >> 4) & 31) + 1 > 16
}

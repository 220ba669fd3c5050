/** A sound file's sample rate, as its header names it: decoded at it, no browser resamples. */

const SEARCH_BYTES = 2 ** 20
// AAC of a lower rate may hold a second part that doubles it, which its header need not show.
const LEAST_AAC = 24_001
const OPUS = 48_000
const BOX_HEADER = 8
const FIRST_CHUNK = 12
export const WAV = /^(RIFF|RF64|BW64)/
const AAC_RATES = [96, 88.2, 64, 48, 44.1, 32].map(kilohertz => kilohertz * 1000)
const MP3_RATES = [44_100, 48_000, 32_000]
// Kilobits a second; 0 is of any length, by which no next frame is found.
const MPEG1 = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
const MPEG2 = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]

/** One character a byte. @param {ArrayBuffer} file */
export const toText = (file, from = 0) =>
	new TextDecoder("latin1").decode(
		new Uint8Array(file, from, Math.min(SEARCH_BYTES, file.byteLength - from))
	)

/** Return 0 where it is not known. @param {ArrayBuffer} file */
export function rateOf(file) {
	const view = new DataView(file)
	const text = toText(file)
	const from = (/** @type {string} */ mark) => (text.includes(mark) ? text.indexOf(mark) : NaN)
	if (WAV.test(text)) return view.getUint32(chunkOf(file, "fmt ", true) + 12, true)
	if (text.startsWith("FORM")) return extended(view, chunkOf(file, "COMM") + 16)
	if (text.startsWith("ftyp", 4)) return rateOfMp4(file)
	if (/^(fLaC|OggS|ID3|\x1aE\xdf\xa3)/.test(text)) {
		if (text.includes("fLaC")) return view.getUint32(from("fLaC") + 18) >>> 12
		if (text.includes("OpusHead")) return OPUS
		if (text.includes("\x01vorbis")) return view.getUint32(from("\x01vorbis") + 12, true)
	}
	return rateOfFrames(new Uint8Array(file))
}

/**
 * Where a chunk of RIFF or AIFF begins, past all bytes without it; its name as text does not count.
 * @param {ArrayBuffer} file
 */
export function chunkOf(file, name = "", littleEndian = false) {
	const view = new DataView(file)
	let at = FIRST_CHUNK
	while (at + BOX_HEADER <= file.byteLength) {
		if (toText(file.slice(at, at + 4)) === name) return at
		const size = view.getUint32(at + 4, littleEndian)
		at += BOX_HEADER + size + (size % 2)
	}
	return file.byteLength
}

/** AIFF's number of 80 bits. @param {DataView} view */
const extended = (view, at = 0) => view.getUint32(at + 2) * 2 ** (view.getUint16(at) - 16_383 - 31)

/** Of its sound's entry in the box "moov", which may come last. @param {ArrayBuffer} file */
function rateOfMp4(file) {
	const view = new DataView(file)
	let at = 0
	while (toText(file.slice(at + 4, at + 8)) !== "moov") {
		if (at + 16 > file.byteLength) return 0
		const size = view.getUint32(at)
		const long = size === 1 ? Number(view.getBigUint64(at + 8)) : size || file.byteLength
		at += Math.max(BOX_HEADER, long)
	}
	const entry = toText(file, at).search(/mp4a|alac|Opus|fLaC/)
	const rate = entry < 0 ? 0 : view.getUint16(at + entry + 28)
	return rate < LEAST_AAC ? 0 : rate
}

/** Bare AAC or MP3, perhaps behind a tag or junk. @param {Uint8Array} bytes */
function rateOfFrames(bytes) {
	const [tag, a, b, c, d] = [String.fromCharCode(...bytes.subarray(0, 3)), ...bytes.subarray(6, 10)]
	const start = tag === "ID3" ? 10 + (a << 21) + (b << 14) + (c << 7) + d : 0
	for (let at = start; at < Math.min(start + SEARCH_BYTES, bytes.length - 4); at++) {
		if (bytes[at] !== 255) continue
		if (at === start && (bytes[at + 1] & 0xf6) === 0xf0) {
			return AAC_RATES[(bytes[at + 2] >> 2) & 15] ?? 0
		}
		const {rate, size} = mp3Frame(bytes, at)
		if (size && mp3Frame(bytes, at + size).rate === rate) return rate
	}
	return 0
}

/** Its size is 0 where there is none. @param {Uint8Array} bytes */
function mp3Frame(bytes, at = 0) {
	const [sync, kind, sizes] = bytes.subarray(at, at + 3)
	const version = (kind >> 3) & 3
	if (sync !== 255 || kind < 0xe0 || version === 1 || (kind & 6) !== 2) return {rate: 0, size: 0}
	const rate = MP3_RATES[(sizes >> 2) & 3] / [4, 1, 2, 1][version]
	const bits = version === 3 ? 144_000 * MPEG1[sizes >> 4] : 72_000 * MPEG2[sizes >> 4]
	return {rate, size: bits ? Math.floor(bits / rate) + ((sizes >> 1) & 1) : 0}
}

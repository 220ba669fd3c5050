/** ZIP archives whose files are stored as they are. */

const CENTRAL_BYTES = 46
const UTF8 = 0x800
const VERSION = 20
const table = Uint32Array.from({length: 256}, (_, byte) => {
	for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? 0xedb88320 ^ (byte >>> 1) : byte >>> 1
	return byte
})

/** @param {Uint8Array} bytes */
function crc32(bytes) {
	let crc = 0xffffffff
	for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8)
	return (crc ^ 0xffffffff) >>> 0
}

/** The same fields stand before each file and in the directory. @param {number[]} rest */
function header(signature = 0, fields = [0, 0, 0], rest = [0]) {
	const [crc, size, name] = fields
	const central = rest.length > 1
	const view = new DataView(new ArrayBuffer(central ? CENTRAL_BYTES : 30))
	view.setUint32(0, signature, true)
	let at = 4
	const write = (/** @type {number[]} */ ...values) => {
		for (const value of values) (view.setUint16(at, value, true), (at += 2))
	}
	const writeLong = (/** @type {number[]} */ ...values) => {
		for (const value of values) (view.setUint32(at, value, true), (at += 4))
	}
	if (central) write(VERSION)
	// No time: 1 January 1980.
	write(VERSION, UTF8, 0, 0, 0x21)
	writeLong(crc, size, size)
	write(name, 0)
	if (central) {
		write(0, 0, 0)
		writeLong(0, rest[1])
	}
	return view
}

/** @param {Record<string, Blob>} files by their paths */
export async function zip(files) {
	/** @type {BlobPart[]} */
	const parts = []
	/** @type {BlobPart[]} */
	const directory = []
	let [at, length] = [0, 0]
	for (const [path, blob] of Object.entries(files)) {
		const name = new TextEncoder().encode(path)
		const fields = [crc32(new Uint8Array(await blob.arrayBuffer())), blob.size, name.length]
		parts.push(header(0x04034b50, fields), name, blob)
		directory.push(header(0x02014b50, fields, [0, at]), name)
		at += 30 + name.length + blob.size
		length += CENTRAL_BYTES + name.length
	}
	const count = Object.keys(files).length
	const end = new DataView(new ArrayBuffer(22))
	end.setUint32(0, 0x06054b50, true)
	end.setUint16(8, count, true)
	end.setUint16(10, count, true)
	end.setUint32(12, length, true)
	end.setUint32(16, at, true)
	return new Blob([...parts, ...directory, end], {type: "application/zip"})
}

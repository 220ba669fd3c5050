/** WAV files: 16-bit PCM, mono. */

export function wavHeader(count = 0, rate = 0) {
	const header = new DataView(new ArrayBuffer(44));
	[..."RIFF----WAVEfmt --------------------data"].forEach((letter, i) => header.setUint8(i, letter.charCodeAt(0)));
	for (const [at, value] of [[4, 36 + 2 * count], [16, 16], [24, rate], [28, 2 * rate], [40, 2 * count]]) header.setUint32(at, value, true);
	for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]]) header.setUint16(at, value, true);
	return header.buffer;
}

/** @param {Float32Array} samples in [-1, 1] @param {number} rate in Hz */
export function encodeWav(samples, rate) {
	const pcm = Int16Array.from(samples, (sample) => Math.max(-32768, Math.min(32767, Math.round(sample * 32768))));
	return new Blob([wavHeader(pcm.length, rate), pcm], { type: "audio/wav" });
}

/** Turns the microphone's samples into 16-bit ones. */

const BATCH = 4_096

class Recorder extends AudioWorkletProcessor {
	batch = new Int16Array(BATCH)
	filled = 0

	/** @param {Float32Array[][]} inputs */
	process([[samples]]) {
		for (const sample of samples ?? []) {
			this.batch[this.filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)))
			if (this.filled === BATCH) this.send()
		}
		return true
	}

	send() {
		this.port.postMessage(this.batch, [this.batch.buffer])
		this.batch = new Int16Array(BATCH)
		this.filled = 0
	}
}

registerProcessor("recorder", Recorder)

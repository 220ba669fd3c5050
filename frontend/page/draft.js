/** Keeps a microphone recording until it is identified: a phone may close the page. */

const FILE = "kept.wav"
const open = () => globalThis.caches?.open("kept-recording")

/** @param {File} file */
export const saveDraft = async file => (await open())?.put(FILE, new Response(file))

/** @returns {Promise<File | null>} */
export async function loadDraft() {
	const found = await (await open())?.match(FILE)
	return found ? new File([await found.blob()], FILE, {type: "audio/wav"}) : null
}

export const deleteDraft = async () => (await open())?.delete(FILE)

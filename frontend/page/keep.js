/** Keeps a microphone recording until it is identified: a phone in a wood may close the page. */

const store = () => globalThis.caches?.open("kept-recording");

/** @param {File} file */
export const keep = async (file) => (await store())?.put("kept.wav", new Response(file));

/** @returns {Promise<File | null>} */
export async function kept() {
	const found = await (await store())?.match("kept.wav");
	return found ? new File([await found.blob()], "kept.wav", { type: "audio/wav" }) : null;
}

export const forgetKept = async () => (await store())?.delete("kept.wav");

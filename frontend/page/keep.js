/** Keeps the last microphone recording until it is identified: a phone in a wood may close the page. */

const STORE = "kept-recording";
const KEY = "kept.wav";

/** Browsers keep such stores on safe origins only, and so they do the microphone. */
const store = () => ("caches" in window ? caches.open(STORE) : null);

/** @param {File} file */
export async function keep(file) {
  await (await store())?.put(KEY, new Response(file, { headers: { "X-Name": encodeURIComponent(file.name) } }));
}

/** @returns {Promise<File | null>} */
export async function kept() {
  const response = await (await store())?.match(KEY);
  if (!response) return null;
  return new File([await response.blob()], decodeURIComponent(response.headers.get("X-Name") ?? ""), { type: "audio/wav" });
}

export async function forgetKept() {
  await (await store())?.delete(KEY);
}

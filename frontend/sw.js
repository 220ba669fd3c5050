/** Keeps the page's own files, so that it opens without a network. The network comes first: nobody gets an old page. */

/** @import {} from "./types" */

const STORE = "page";
const FILES = ["./", "style.css", "landscape.css", "icon.svg"];

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

worker.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(FILES)));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  event.respondWith(fromNetwork(request));
});

/** @param {Request} request */
async function fromNetwork(request) {
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(STORE)).put(request, response.clone());
    return response;
  } catch (error) {
    const stored = await caches.match(request, { ignoreSearch: true });
    if (stored) return stored;
    throw error;
  }
}

/** Network first, otherwise the cache. */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const modules = (folder = "", names = "") => names.split(" ").map(name => `${folder}/${name}.js`);
// The publisher replaces this list, up to its semicolon.
const FILES = [
	..."./ style.css landscape.css landscape.svg icon.svg singer.svg lang/en.json".split(" "),
	"manifest.webmanifest",
	...modules(".", "config main api sound-worker recorder-worklet"),
	...modules("page", "answer birds details dom draft export file-input i18n identify player"),
	...modules("page", "recorder session sound timeline view"),
	...modules("core", "audio-formats chunks export-formats pooling resample share"),
	...modules("core", "spectrogram-image stft wav")
];

worker.oninstall = event => event.waitUntil(caches.open("page").then(cache => cache.addAll(FILES)));
worker.onactivate = event => event.waitUntil(worker.clients.claim());
worker.onfetch = event => {
	const {method, url} = event.request;
	const ours = method === "GET" && url.startsWith(location.origin);
	if (ours) event.respondWith(networkFirst(event.request));
};

/** @param {Request} request */
async function networkFirst(request) {
	const cache = await caches.open("page");
	try {
		const response = await fetch(request);
		if (response.ok) await cache.put(request, response.clone());
		return response;
	} catch (error) {
		const cached = await cache.match(request);
		if (cached) return cached;
		throw error;
	}
}

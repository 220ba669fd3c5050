/** Network first, otherwise the cache. */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const modules = (folder = "", names = "") => names.split(" ").map(name => `${folder}/${name}.js`);
// The publisher replaces this list, up to its semicolon.
const FILES = [
	..."./ style.css sound.css landscape.css landscape.svg icon.svg singer.svg".split(" "),
	"manifest.webmanifest",
	..."de en es fr it pt".split(" ").map(language => `lang/${language}.json`),
	...modules(".", "config main api sound-worker recorder-worklet listen-worker"),
	..."icon-192 icon-512 maskable-512 apple-touch-icon".split(" ").map(name => `icons/${name}.png`),
	...modules(
		"page",
		"answer arrivals begin beside birds device device-choice dom doubt export file-input headline"
	),
	...modules(
		"page",
		"history i18n identify keeping known language listen live-picture minimap offline open"
	),
	...modules("page", "parts player recorder rows samples season session sound store"),
	...modules(
		"page",
		"correction-export corrections take-away timeline view waiting wake-lock where"
	),
	...modules("core", "zip audio-formats birds chunks export-formats join judge listen-files mono"),
	...modules("core", "file-header network-input pooling resample said sample-rate share"),
	...modules("core", "spectrogram-image stft tally wav where"),
	...modules("listen", "live network work")
];
// The manifest's share_target.
const SHARE = new URL("./share", location.href).href;
// Kept by the page, all or none (page/offline.js).
const ON_DEMAND = /\/(litert|model)\//;

worker.oninstall = event => event.waitUntil(caches.open("page").then(cache => cache.addAll(FILES)));
worker.onactivate = event => event.waitUntil(worker.clients.claim());
worker.onfetch = event => {
	const {method, url} = event.request;
	const ours = method === "GET" && url.startsWith(location.origin);
	if (ours) event.respondWith(networkFirst(event.request));
	if (method === "POST" && url === SHARE) event.respondWith(takeShared(event.request));
};

/** Another app's sound waits for the page (page/arrivals.js). @param {Request} request */
async function takeShared(request) {
	const sound = (await request.formData()).get("sound");
	if (sound instanceof File) {
		const headers = {"Content-Type": sound.type, "X-Name": encodeURIComponent(sound.name)};
		const cache = await caches.open("shared");
		await cache.put("./shared-sound", new Response(sound, {headers}));
	}
	return Response.redirect("./?shared", 303);
}

/** @param {Request} request */
async function networkFirst(request) {
	const cache = await caches.open("page");
	try {
		const response = await fetch(request);
		if (response.ok && !ON_DEMAND.test(request.url)) await cache.put(request, response.clone());
		return response;
	} catch (error) {
		// "./?listen" and "./?shared" are the page too.
		const page = request.mode === "navigate" ? {ignoreSearch: true} : {};
		const cached = await caches.match(request, page);
		if (cached) return cached;
		throw error;
	}
}

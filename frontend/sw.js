/** Keeps the page's files for days without a network, which else comes first. */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const files = (folder = "", names = "") => names.split(" ").map((name) => `${folder}/${name}.js`);
const FILES = [
	"./", "style.css", "landscape.css", "landscape.svg", "icon.svg", "singer.svg", "manifest.webmanifest", "lang/en.json",
	...files(".", "config main api sound-worker recorder-worklet"),
	...files("page", "answer birds details elements identify inputs keep player recorder session sound takeaway texts timeline view"),
	...files("core", "exports parts picture pooling resample share spectrum wav"),
];

worker.oninstall = (event) => event.waitUntil(caches.open("page").then((store) => store.addAll(FILES)));
worker.onactivate = (event) => event.waitUntil(worker.clients.claim());
worker.onfetch = (event) => {
	const { method, url } = event.request;
	if (method === "GET" && url.startsWith(location.origin)) event.respondWith(networkFirst(event.request));
};

/** @param {Request} request */
async function networkFirst(request) {
	const store = await caches.open("page");
	try {
		const response = await fetch(request);
		if (response.ok) await store.put(request, response.clone());
		return response;
	} catch (error) {
		const kept = await store.match(request);
		if (kept) return kept;
		throw error;
	}
}

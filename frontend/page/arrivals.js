/** What comes from outside the page: a shared sound, an opened file, the shortcut "Listen". */

/** The service worker puts here what another app shares. */
const [CACHE, ADDRESS] = ["shared", "./shared-sound"]

/** @param {(file: File) => unknown} choose @param {() => unknown} listen */
export async function startArrivals(choose, listen) {
	// Of the browsers that open files with an installed page.
	const queue = /** @type {any} */ (globalThis).launchQueue
	queue?.setConsumer(async (/** @type {any} */ {files}) => {
		if (files?.length) choose(await files[0].getFile())
	})
	const wish = new URLSearchParams(location.search)
	if (location.search) history.replaceState(null, "", location.pathname + location.hash)
	if (wish.has("listen")) listen()
	const shared = wish.has("shared") && (await takeShared())
	if (shared) choose(shared)
	return wish.size > 0
}

async function takeShared() {
	const cache = await caches.open(CACHE)
	const response = await cache.match(ADDRESS)
	await caches.delete(CACHE)
	if (!response) return null
	const name = decodeURIComponent(response.headers.get("X-Name") ?? "")
	const type = response.headers.get("Content-Type") ?? ""
	return new File([await response.blob()], name, {type})
}

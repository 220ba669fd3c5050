/** The recordings of this device, in IndexedDB: sound, answer, date, corrections. */

const [NAME, STORE] = ["birdsong", "recordings"]
// Before, the sounds alone lay in a cache.
const OLD_CACHE = "kept-recording"

/** @type {<T>(request: IDBRequest<T>) => Promise<T>} */
const done = request =>
	new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result)
		request.onerror = () => reject(request.error)
	})

/** @param {IDBTransactionMode} mode @returns {Promise<IDBObjectStore>} */
async function open(mode) {
	const request = indexedDB.open(NAME, 1)
	request.onupgradeneeded = () => request.result.createObjectStore(STORE, {keyPath: "id"})
	const database = await done(request)
	const transaction = database.transaction(STORE, mode)
	// Otherwise nobody may delete it.
	transaction.oncomplete = transaction.onabort = () => database.close()
	return transaction.objectStore(STORE)
}

/** By their dates, oldest first. @returns {Promise<Entry[]>} */
export const loadAll = async () => done((await open("readonly")).getAll())

/** Whether there is any, here or where an earlier version of the page kept them. */
export const hasRecordings = async () =>
	(await done((await open("readonly")).count())) > 0 || globalThis.caches?.has(OLD_CACHE)

/** @param {string} id @returns {Promise<Entry | undefined>} */
export const load = async id => done((await open("readonly")).get(id))

/** @param {Entry} entry */
export const put = async entry => void (await done((await open("readwrite")).put(entry)))

/** @param {string} id */
export const remove = async id => void (await done((await open("readwrite")).delete(id)))

/** Leave nothing on this device, the page's own files included. */
export async function removeAll() {
	await done((await open("readwrite")).clear())
	for (const name of (await globalThis.caches?.keys()) ?? []) await caches.delete(name)
}

/** @param {File} file @param {Answer | null} answer @param {Date} [date] @returns {Entry} */
export const newEntry = (file, answer, date = new Date()) => ({
	id: `${date.toISOString()} ${crypto.getRandomValues(new Uint32Array(1))[0]}`,
	date: date.toISOString(),
	name: file.name,
	sound: file,
	answer,
	corrections: []
})

/** Take over what an earlier version of the page kept. */
export async function takeOver() {
	if (!(await globalThis.caches?.has(OLD_CACHE))) return
	const cache = await caches.open(OLD_CACHE)
	for (const {url} of await cache.keys()) {
		const response = await cache.match(url)
		const name = decodeURIComponent(url.split("/").at(-1) ?? "")
		// Its name is its time, as "2026-11-26 17.30.00.wav".
		const date = new Date(name.replace(/\.wav$/, "").replaceAll(".", ":"))
		const type = response?.headers.get("Content-Type") ?? "audio/wav"
		const file = new File([(await response?.blob()) ?? ""], name, {type})
		await put(newEntry(file, null, Number.isNaN(date.getTime()) ? new Date() : date))
	}
	await caches.delete(OLD_CACHE)
}

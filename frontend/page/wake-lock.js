/** Keeps the screen on while the page listens. */

/** Return what ends it. The browser gives the lock back when the page is hidden: ask again. */
export function keepAwake() {
	/** @type {WakeLockSentinel[]} */
	const locks = []
	let over = false
	const release = () => locks.splice(0).forEach(lock => lock.release())
	const ask = async () => {
		if (document.hidden) return
		const lock = await navigator.wakeLock?.request("screen").catch(() => undefined)
		// One that is older is given back: two requests may be under way at once.
		release()
		if (lock) locks.push(lock)
		if (over) release()
	}
	document.addEventListener("visibilitychange", ask)
	ask()
	return () => {
		over = true
		document.removeEventListener("visibilitychange", ask)
		release()
	}
}

/** Keeps the screen on while the page listens. */

/** Return what ends it. The browser gives the lock back when the page is hidden: ask again. */
export function keepAwake() {
	/** @type {WakeLockSentinel | undefined} */
	let lock
	let over = false
	const ask = async () => {
		if (over || document.hidden) return
		lock = await navigator.wakeLock?.request("screen").catch(() => undefined)
		if (over) lock?.release()
	}
	document.addEventListener("visibilitychange", ask)
	ask()
	return () => {
		over = true
		document.removeEventListener("visibilitychange", ask)
		lock?.release()
	}
}

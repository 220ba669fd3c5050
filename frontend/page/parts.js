/** The parts of the work on a recording that are loaded when they are needed. */

/**
 * Those that are loaded.
 * @type {{
 *   rows?: typeof import("./rows.js"),
 *   beside?: typeof import("./beside.js"),
 *   takeAway?: typeof import("./take-away.js")
 * }}
 */
export const parts = {}

export async function loadRows() {
	const loaded = await import("./rows.js")
	if (!parts.rows) loaded.startRows()
	await loaded.loadSeasons()
	return (parts.rows = loaded)
}

/** @param {GetCurrent} current */
export async function loadTakeAway(current) {
	const loaded = await import("./take-away.js")
	if (!parts.takeAway) loaded.startTakeAway(current)
	return (parts.takeAway = loaded)
}

export const loadBeside = async () => (parts.beside = await import("./beside.js"))

export const loadIdentify = () => import("./identify.js")

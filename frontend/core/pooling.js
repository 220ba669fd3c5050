/** Joins windows into one answer: "The pooling rule" of docs/contracts.md. */

export const cut = (p = 0) => Math.floor(p * 10000 + 0.000001) / 10000

/** @type {Pool} */
export const pool = (windows, rule) => {
	const heard = windows.filter(window => window.verdict !== "no_bird")
	const species = powerMeans(heard.length ? heard : windows, rule)
	const sure = species.map(each => calibrate(each.probability, rule.calibration))
	shareOut(sure).forEach((share, i) => (species[i].probability = cut(share)))
	const best = Math.max(0, ...sure) >= rule.bird_threshold ? "bird" : "unsure"
	const verdict = heard.length ? best : "no_bird"
	return {verdict, species: species.sort(byRank)}
}

/** Bring the sum to 1 at most: towards each one's share of all odds. @param {number[]} from */
function shareOut(from) {
	const odds = from.map(p => p / Math.max(1 - p, 1e-12))
	const [total, all] = [from, odds].map(list => list.reduce((a, b) => a + b, 0))
	const least = from.map((p, i) => Math.min(p, odds[i] / (all || 1)))
	const kept = least.reduce((a, b) => a + b, 0)
	const factor = total > 1 ? (1 - kept) / (total - kept) : 1
	return from.map((p, i) => least[i] + (p - least[i]) * factor)
}

/** @type {PowerMeans} */
const powerMeans = (windows, {exponent, species_per_window}) => {
	/** @type {Map<string, Species>} */
	const found = new Map()
	for (const {species} of windows) {
		for (const each of [...species].sort(byRank).slice(0, species_per_window)) {
			const name = each.scientific_name
			const raised = power(cut(each.probability), exponent)
			const sum = found.get(name)?.probability ?? 0
			found.set(name, {...each, probability: sum + raised})
		}
	}
	const species = [...found.values()].sort(byName)
	for (const each of species) each.probability = root(each.probability / windows.length, exponent)
	return species
}

/** Squares only: every language rounds them alike. @type {Power} */
const power = (p, exponent) => (exponent > 1 ? power(p * p, exponent / 2) : p)

/** @type {Power} */
const root = (p, exponent) => (exponent > 1 ? root(Math.sqrt(p), exponent / 2) : p)

/** Straight lines between the points. @param {number} score @param {[number, number][]} points */
export function calibrate(score, points) {
	const found = points.findIndex(([x]) => score <= x)
	const at = Math.max(1, found)
	const [[x0, y0], [x1, y1]] = points.slice(at - 1, at + 1)
	return y0 + (y1 - y0) * ((score - x0) / (x1 - x0))
}

/** @type {ByRank} */
export const byRank = (a, b) => b.probability - a.probability || byName(a, b)

/** By code points; JavaScript's own order is that of UTF-16. @type {ByRank} */
const byName = ({scientific_name: a}, {scientific_name: b}) => {
	const [left, right] = [[...a], [...b]]
	const i = left.findIndex((letter, at) => letter !== right[at])
	const points = [left[i], right[i]].map(letter => letter?.codePointAt(0) ?? 0)
	return i < 0 ? left.length - right.length : points[0] - points[1]
}

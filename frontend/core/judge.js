/** The network's numbers for a window -> its list and verdict: "The window's verdict". */

import {byRank, cut} from "./pooling.js"

/** @type {JudgeWindow} */
export const judgeWindow = ({labels, names, settings}, seen) => {
	const {thresholds, pooling, independent} = settings
	// A network that does not know "no bird" hears a bird in every sound.
	const bird = seen ? Math.min(1, cut(seen.bird ?? 1)) : 0
	const another = seen?.another === undefined ? {} : {another: Math.min(1, cut(seen.another))}
	const row = [...(seen?.probabilities ?? [])]
	const total = independent ? 1 : Math.max(1, sum(row))
	const species = row
		.map((probability, i) => ({
			name: names[i],
			scientific_name: labels[i],
			probability: cut(Math.min(1, probability / total))
		}))
		.sort(byRank)
		.slice(0, pooling.species_per_window)
	const best = species[0]?.probability ?? 0
	const verdict = best >= thresholds.bird ? "bird" : "unsure"
	const none = !seen || bird < thresholds.no_bird
	return {verdict: none ? "no_bird" : verdict, bird, ...another, species}
}

const sum = (/** @type {number[]} */ row) => row.reduce((a, b) => a + b, 0)

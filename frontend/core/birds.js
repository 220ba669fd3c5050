/** Which birds sing, each over its own windows: "The birds" of docs/contracts.md. */

import {byRank, calibrate, cut} from "./pooling.js"

// From here on a species is a candidate where the model has no rule of birds.
const LEAST_CANDIDATE = 0.1

/** @type {Hear} */
export const hear = (windows, rule) => {
	const counted = windows.filter(window => window.verdict !== "no_bird")
	const found = entriesOf(counted, rule).sort(mostCertain)
	const birds = found.filter(each => each.confidence >= rule.bird)
	const candidates = found
		.filter(each => each.confidence >= rule.candidate && each.confidence < rule.bird)
		.map(toCandidate)
	return {verdict: judge(counted, found[0]?.confidence ?? 0, rule), birds, candidates}
}

/** What a model without the rule says: its best species where it is sure. @type {HearOne} */
export const hearOne = (windows, verdict, species) => {
	const entries = species.map(each => ({
		...named(each),
		confidence: each.probability,
		certain: true,
		spans: joinSpans(
			windows.filter(
				({verdict: of, species: [best]}) =>
					of !== "no_bird" && best.scientific_name === each.scientific_name
			)
		)
	}))
	const count = verdict === "bird" ? 1 : 0
	const candidates = entries
		.slice(count)
		.filter(each => each.confidence >= LEAST_CANDIDATE)
		.map(toCandidate)
	return {verdict, birds: entries.slice(0, count), candidates}
}

/** @type {Judge} */
const judge = (counted, best, {certain, sings, ...rule}) => {
	if (!counted.length) return "no_bird"
	if (best >= certain) return "bird"
	const sounds = Math.max(...counted.map(window => window.bird ?? 1)) >= sings
	return sounds && isAnother(counted, best, rule) ? "unknown_bird" : "unsure"
}

/** @type {IsAnother} */
const isAnother = (counted, best, {another: least, unknown}) => {
	const others = counted.map(({another = NaN}) => another)
	if (least === undefined || others.some(Number.isNaN)) return best < unknown
	const total = others.reduce((sum, another) => sum + another * another, 0)
	return Math.sqrt(total / counted.length) - best > least
}

/** @type {(windows: AnswerWindow[], rule: BirdsRule) => Bird[]} */
const entriesOf = (windows, rule) => {
	/** @type {Map<string, AnswerWindow[]>} */
	const own = new Map()
	for (const window of windows)
		for (const each of window.species)
			if (each.probability >= rule.heard)
				own.set(each.scientific_name, [...(own.get(each.scientific_name) ?? []), window])
	const least = Math.min(rule.least_windows, windows.length)
	return [...own].map(([name, list]) => toBird(name, list, {...rule, least_windows: least}))
}

/** @type {(name: string, windows: AnswerWindow[], rule: BirdsRule) => Bird} */
const toBird = (name, windows, rule) => {
	const own = windows.flatMap(({species}) => species.filter(each => each.scientific_name === name))
	const total = own.reduce((sum, {probability: p}) => sum + p * p * (p * p), 0)
	const score = Math.sqrt(Math.sqrt(total / Math.max(own.length, rule.least_windows)))
	const confidence = cut(calibrate(score, rule.calibration))
	const certain = confidence >= rule.certain
	return {...named(own[0]), confidence, certain, spans: joinSpans(windows)}
}

/** Adjacent windows make one span. @type {(windows: AnswerWindow[]) => Span[]} */
const joinSpans = windows => {
	/** @type {Span[]} */
	const spans = []
	for (const {start_seconds, end_seconds} of windows) {
		const last = spans.at(-1)
		if (last?.end_seconds === start_seconds) last.end_seconds = end_seconds
		else spans.push({start_seconds, end_seconds})
	}
	return spans
}

/** @param {Named} from @returns {Named} */
const named = ({name, scientific_name}) => ({name, scientific_name})

/** @param {Bird} bird @returns {Candidate} */
const toCandidate = ({confidence, ...bird}) => ({...named(bird), confidence})

/** @param {Bird} a @param {Bird} b */
const mostCertain = (a, b) =>
	byRank({...a, probability: a.confidence}, {...b, probability: b.confidence})

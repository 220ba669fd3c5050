/** The two lines of the answer: which birds sing, and how sure that is. */

import {nameOf, percent, sureness, text} from "./i18n.js"
import {countKnown} from "./known.js"

/** @type {(answer: Answer) => Headline} */
export const headline = ({verdict, birds, candidates}) => {
	const certain = birds.filter(bird => bird.certain)
	if (certain.length > 1) return {...several(certain), kicker: text("heard")}
	const best = certain[0] ?? [...birds, ...candidates][0]
	if (verdict === "no_bird") return only(text("no-bird.name"), text("no-bird.line"))
	if (verdict === "unknown_bird") return only(unknown(countKnown()))
	if (!best) return {...only(text("unsure.name")), kicker: text("unsure.kicker")}
	const {scientific_name: latin, confidence: sure} = best
	return {name: nameOf(best), latin, line: sureness(sure), sure}
}

/** @type {(name: string, line?: string) => Headline} */
const only = (name, line = "") => ({name, line, latin: "", sure: 0})

/** @param {Bird[]} birds */
const several = birds =>
	only(
		text("birds.count", {count: birds.length}),
		birds.map(bird => `${nameOf(bird)} ${percent(bird.confidence)}`).join(", ")
	)

const unknown = (count = 0) => (count ? text("unknown.name", {count}) : text("unknown.any"))

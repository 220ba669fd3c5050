/** Which birds were heard so far while the page listens, a look a second. */

import {hear, hearOne} from "./birds.js"
import {calibrate, cut, pool} from "./pooling.js"

// A bird that is not certain must be heard in so many looks.
const LOOKS = 2

export class Tally {
	/** @param {Pooling} pooling */
	constructor(pooling) {
		this.pooling = pooling
		/** When the last look was: what is new began after it. */
		this.looked = 0
		/** In the order in which they were heard. @type {Map<string, Tallied>} */
		this.found = new Map()
	}

	/** Take one look, and return the rows. @param {Judged} judged @param {number} seconds */
	add(judged, seconds) {
		const since = this.looked
		this.looked = seconds
		const window = {...judged, start_seconds: Math.max(0, seconds - 5), end_seconds: seconds}
		const {birds: rule} = this.pooling
		const heard = rule ? hear([window], rule) : this.hearBest(window)
		const lit = new Set(heard.birds.map(bird => bird.scientific_name))
		for (const bird of heard.birds) this.light(bird, since)
		for (const each of this.found.values()) {
			each.lit = lit.has(each.scientific_name)
			this.weigh(each, window)
		}
		return [...this.found.values()].filter(each => each.certain || each.looks >= LOOKS)
	}

	/** @type {(window: AnswerWindow) => Heard} */
	hearBest(window) {
		const {verdict, species} = pool([window], this.pooling)
		return hearOne([window], verdict, species)
	}

	/** @param {Bird} bird @param {number} seconds */
	light({name, scientific_name, confidence, certain}, seconds) {
		const fresh = {name, scientific_name, confidence, certain, lit: false}
		const known = this.found.get(scientific_name)
		const each = known ?? {...fresh, first_seconds: seconds, count: 0, looks: 0, own: 0, squares: 0}
		if (!each.lit) each.count++
		each.looks++
		this.found.set(scientific_name, each)
	}

	/** Its confidence over its own looks, as over windows. @param {Tallied} each @param {Judged} look */
	weigh(each, {species, verdict}) {
		const {birds: rule} = this.pooling
		const {scientific_name: name} = each
		const {probability: p = 0} = species.find(one => one.scientific_name === name) ?? {}
		if (verdict === "no_bird" || (rule ? p < rule.heard : !each.lit)) return
		each.own++
		each.squares += p * p
		const curve = (rule ?? this.pooling).calibration
		each.confidence = cut(calibrate(Math.sqrt(each.squares / each.own), curve))
		each.certain = !rule || each.confidence >= rule.certain
	}
}

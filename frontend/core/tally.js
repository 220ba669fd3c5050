/** Which birds were heard so far while the page listens, a look a second. */

import {hear, hearOne} from "./birds.js"
import {pool} from "./pooling.js"

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

	/**
	 * Take a look beside the windows before it, and return the rows: those of the answer that a stop
	 * would bring now, and of earlier ones.
	 * @param {Judged[]} windows @param {Judged} judged @param {number} seconds
	 */
	add(windows, judged, seconds) {
		for (const each of this.found.values()) each.silent = !each.lit
		for (const each of this.found.values()) each.lit = false
		for (const bird of this.hear(windows, judged)) this.light(bird)
		this.looked = seconds
		return [...this.found.values()].filter(each => each.certain || each.looks >= LOOKS)
	}

	/** Return what is heard now. @param {Judged[]} windows @param {Judged} judged */
	hear(windows, judged) {
		const {birds: rule} = this.pooling
		// Where a window lies does not matter here.
		const [now, ...before] = [judged, ...windows].map(each => ({
			...each,
			start_seconds: 0,
			end_seconds: 0
		}))
		if (!rule) {
			const {verdict, species} = pool([now], this.pooling)
			return hearOne([now], verdict, species).birds
		}
		const sounds = now.verdict !== "no_bird"
		const own = now.species.filter(each => sounds && each.probability >= rule.heard)
		const names = own.map(each => each.scientific_name)
		return hear([...before, now], rule).birds.filter(bird => names.includes(bird.scientific_name))
	}

	/** @param {Bird} bird */
	light({name, scientific_name, confidence, certain}) {
		const fresh = {first_seconds: this.looked, count: 0, looks: 0, silent: true}
		const known = this.found.get(scientific_name) ?? fresh
		const {count, looks, silent, first_seconds} = known
		const counted = {count: count + Number(silent), looks: looks + 1, silent, first_seconds}
		const bird = {name, scientific_name, confidence, certain, lit: true}
		this.found.set(scientific_name, {...counted, ...bird})
	}
}

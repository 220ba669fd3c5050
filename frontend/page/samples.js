/** A song to try. It is loaded when the reader asks for it. */

import {loadFile} from "../api.js"
import {$, link} from "./dom.js"
import {nameOf, text} from "./i18n.js"

const SA3 = ["CC BY-SA 3.0", "https://creativecommons.org/licenses/by-sa/3.0/"]
/** @type {Sample[]} */
const SAMPLES = [
	{
		id: "try",
		url: "samples/blue-tit.mp3",
		name: "Eurasian Blue Tit",
		scientific_name: "Cyanistes caeruleus",
		author: "Dan Stowell",
		number: 131316,
		license: SA3,
		part: "0:00–0:12"
	}
]

/** @param {(load: () => Promise<File>) => void} act */
export function startSamples(act) {
	for (const {id, url, number} of SAMPLES) {
		$(id).onclick = () => act(() => loadFile(url, `XC${number}.mp3`))
	}
}

/** Their authors and licences, as these ask. */
export function writeCredits() {
	const credits = SAMPLES.flatMap(({author, number, license: [name, url], part, ...bird}) => [
		` ${nameOf(bird)}: ${author}, `,
		link(`XC${number}`, `https://xeno-canto.org/${number}`),
		", ",
		link(name, url),
		part ? `, ${text("try.excerpt", {part})}.` : "."
	])
	$("credits").replaceChildren(text("try.credits"), ...credits)
}

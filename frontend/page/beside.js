/** What stands beside an answer: corrections and doubts. Both are loaded when they are needed. */

import {selection} from "./player.js"

/** @type {typeof import("./doubt.js") | undefined} */
let doubt
/** @type {typeof import("./corrections.js") | undefined} */
let corrections

async function loadDoubt() {
	const loaded = await import("./doubt.js")
	if (!doubt) loaded.startDoubt()
	return (doubt = loaded)
}

/** @param {Part} part */
export const nameAlone = async part => (await loadDoubt()).nameAlone(part)

/** @param {Part | null} part @param {Answer | null} answer */
export async function showDoubt(part, answer) {
	if (part || doubt) (await loadDoubt()).showDoubt(part, answer)
}

/** @param {File} file @param {Answer} answer */
export async function correct(file, answer) {
	corrections = await import("./corrections.js")
	await corrections.showCorrections(file, answer)
}

/** With what the reader said of its birds. @param {Answer} given @returns {Answer} */
export const verify = given => corrections?.verify(given) ?? given

/** After the rows were written anew. @param {File | undefined} file @param {Answer} answer */
export function renew(file, answer) {
	if (file && corrections) correct(file, answer)
	doubt?.showDoubt(selection, file ? answer : null)
}

/** What a reader may say of a bird beside a listed species. */

export const ANOTHER = {name: "another bird", scientific_name: "another_bird"}
export const NONE = {name: "no bird", scientific_name: "no_bird"}

/** @param {string} name */
export const isSpecies = name => ![ANOTHER, NONE].some(each => each.scientific_name === name)

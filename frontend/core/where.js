/** Where and when birds are unusual: a table of cells of one degree, and what names a cell. */

const MONTHS = 12
const NUMBER = String.raw`(-?\d+(?:[.,]\d+)?)\s*°?\s*`
// 52.5, 13.4 or 52,5 13,4 or 38.7° N 9.1° W
const COORDINATES = new RegExp(`^${NUMBER}([ns]?)[\\s,;/]+${NUMBER}([ew]?)$`, "i")

/** A line of JSON, then a bit for each species, row, column and month. @type {ReadSeasons} */
export const readSeasons = bytes => {
	const end = bytes.indexOf("\n".charCodeAt(0))
	const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)))
	return {...head, bits: bytes.subarray(end + 1)}
}

/** What the table does not know is never unusual; `month` is 0 to 11. @type {IsUnusual} */
export const isUnusual = (seasons, species, [north, east], month) => {
	const index = seasons.species.indexOf(species)
	if (index < 0 || !isInside(seasons, [north, east])) return false
	const {south, west, rows, columns, bits} = seasons
	const cell = (index * rows + north - south) * columns + east - west
	const at = cell * MONTHS + month
	return Boolean(bits[at >> 3] & (128 >> (at & 7)))
}

/** @param {Seasons} seasons @param {Cell} cell */
export const isInside = ({south, west, rows, columns}, [north, east]) =>
	north >= south && north < south + rows && east >= west && east < west + columns

/** A cell is named by its south-west corner. @param {number} north @param {number} east */
export const toCell = (north, east) => /** @type {Cell} */ ([Math.floor(north), Math.floor(east)])

/** Coordinates, a city or a country, as typed; null where it is none. @type {ParsePlace} */
export const parsePlace = (words, places) => {
	const found = COORDINATES.exec(words.trim())
	if (found) return fromNumbers(found)
	const wanted = plain(words)
	const named = places.map(({names, cell}) => ({names: names.map(plain), cell}))
	const whole = named.find(({names}) => names.includes(wanted))
	const begun = named.find(({names}) => wanted && names.some(name => name.startsWith(wanted)))
	return (whole ?? begun)?.cell ?? null
}

/** @param {RegExpExecArray} found */
function fromNumbers([, north, south, east, west]) {
	const [y, x] = [north, east].map(text => Number(text.replace(",", ".")))
	if (Math.abs(y) > 90 || Math.abs(x) > 180) return null
	return toCell(/s/i.test(south) ? -y : y, /w/i.test(west) ? -x : x)
}

/** Without accents, in lower case. */
const plain = (words = "") =>
	words
		.normalize("NFD")
		.replace(/\p{M}/gu, "")
		.toLowerCase()
		.replace(/[\s,]+/g, " ")
		.trim()

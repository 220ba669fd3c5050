/** Where the reader is, if they like: typed, or from the device; rounded at once. */

import {loadJson} from "../api.js"
import {isInside, parsePlace, toCell} from "../core/where.js"
import {$, link, make, write} from "./dom.js"
import {text} from "./i18n.js"
import {getCell, loadSeasons, setCell} from "./season.js"

const MAKERS =
	"BirdNET 2.4, K. Lisa Yang Center for Conservation Bioacoustics, Cornell Lab of Ornithology, " +
	"and Chemnitz University of Technology"
const LICENCE = ["CC BY-NC-SA 4.0", "https://creativecommons.org/licenses/by-nc-sa/4.0/"]

/** Cities with their countries' codes, latitudes and longitudes. @type {CityTable | undefined} */
let cities

/** Write it in the reader's language; again when that changes. */
export async function openWhere() {
	cities ??= await loadJson("where/places.json").catch(() => undefined)
	$("where-place").onchange = choose
	$("where-here").onclick = locate
	const options = listPlaces().map(({names}) => Object.assign(make("option"), {value: names[2]}))
	$("where-places").replaceChildren(...options)
	$("where-source").replaceChildren(`${text("where.source")} ${MAKERS}, `, link(...LICENCE))
	await writePlace()
}

/** Each by its city, its country, and both. @returns {NamedPlace[]} */
function listPlaces() {
	const countries = new Intl.DisplayNames(document.documentElement.lang, {type: "region"})
	return Object.entries(cities ?? {}).map(([city, [code, north, east]]) => {
		const country = countries.of(code) ?? ""
		return {names: [city, country, `${city}, ${country}`], cell: toCell(north, east)}
	})
}

async function choose() {
	const field = $("where-place", HTMLInputElement)
	const cell = parsePlace(field.value, listPlaces())
	setCell(cell)
	if (field.value.trim() && !cell) return write("where-state", text("where.unknown"))
	await writePlace()
}

function locate() {
	write("where-state", text("where.asking"))
	navigator.geolocation.getCurrentPosition(
		async ({coords}) => {
			setCell(toCell(coords.latitude, coords.longitude))
			await writePlace()
		},
		() => write("where-state", text("where.refused"))
	)
}

async function writePlace() {
	const cell = getCell()
	$("where-place", HTMLInputElement).value = cell?.join(", ") ?? ""
	const seasons = await loadSeasons()
	const place = cell ? `${cell[0]}°, ${cell[1]}°` : ""
	const outside = cell && seasons && !isInside(seasons, cell)
	const key = seasons ? (outside ? "where.outside" : "where.set") : "error.network"
	write("where-state", cell ? text(key, {place}) : "")
}

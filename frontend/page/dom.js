/** The page's elements, with their types. */

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [type]
 */
export function $(id, type) {
	const found = document.getElementById(id)
	if (found instanceof (type ?? HTMLElement)) return /** @type {E} */ (found)
	throw new Error(`the page has no such #${id}`)
}

export const write = (id = "", words = "") => void ($(id).textContent = words)

export const show = (id = "", shown = false) => void ($(id).hidden = !shown)

/** @param {string} id @param {() => void} act */
export const onClick = (id, act) => $(id).addEventListener("click", act)

/**
 * A name from outside becomes text, never HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string | (string | Node)[]} [content]
 */
export function make(tag, content = "", className = "") {
	const element = document.createElement(tag)
	element.append(...[content].flat())
	element.className = className
	return element
}

/** To another site. */
export const link = (words = "", href = "") =>
	Object.assign(make("a", words), {href, target: "_blank", rel: "noreferrer"})

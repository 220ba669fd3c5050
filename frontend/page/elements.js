/** The page's elements, with their types. */

/**
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [type]
 */
export function $(id, type) {
	const found = document.getElementById(id);
	if (found instanceof (type ?? HTMLElement)) return /** @type {E} */ (found);
	throw new Error(`the page has no such #${id}`);
}

export const write = (id = "", words = "") => void ($(id).textContent = words);

export const show = (id = "", shown = false) => void ($(id).hidden = !shown);

/** @param {string} id @param {() => void} act */
export const onClick = (id, act) => $(id).addEventListener("click", act);

/**
 * Makes an element with text: names from outside come in as text, never as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 */
export const make = (tag, textContent = "", className = "") => Object.assign(document.createElement(tag), { textContent, className });

/** The page's elements, with their types. */

/**
 * Finds an element by its id. Throws when the page has none of that type: then page and script do not fit.
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @param {new () => E} [type]
 * @returns {E}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof (type ?? HTMLElement)) return /** @type {E} */ (found);
  throw new Error(`the page has no such #${id}`);
}

/** Calls back on a click. @param {string} id @param {() => void} callback */
export const onClick = (id, callback) => element(id).addEventListener("click", callback);

/**
 * Makes an element with text: names from outside come in as text, never as HTML.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [text]
 * @param {string} [className]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, text = "", className = "") {
  return Object.assign(document.createElement(tag), { textContent: text, className });
}

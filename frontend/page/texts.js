/** The page's words, in the language of the reader. */

import { loadTable } from "../api.js";

/** @type {Record<string, string>} */
let table = {};

/**
 * The text of a key, its {places} filled. A key without a text shows itself.
 * @param {string} key
 * @param {Record<string, string | number>} [places]
 */
export function text(key, places = {}) {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (_, place) => String(places[place] ?? ""));
}

/** @param {string} key */
export const hasText = (key) => key in table;

/**
 * Loads a language and writes it into the page.
 * @param {string} language
 */
export async function useLanguage(language) {
  table = await loadTable(`lang/${language}.json`);
  document.documentElement.lang = language;
  document.title = text("title");
  for (const target of document.querySelectorAll("[data-t]")) target.textContent = text(target.getAttribute("data-t") ?? "");
}

/**
 * A probability as a reader says it. Never 100 %: the network is never that sure.
 * @param {number} probability
 */
export function percent(probability) {
  return probability < 0.01 ? "< 1 %" : `${Math.min(99, Math.round(probability * 100))} %`;
}

/**
 * A probability in words: "87 %: quite sure".
 * @param {number} probability
 */
export function sureness(probability) {
  const level = [0.4, 0.6, 0.8, 0.95].filter((step) => probability >= step).length + 1;
  return text("probability", { percent: percent(probability), words: text(`sure.${level}`) });
}

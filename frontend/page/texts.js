/** The page's words, in the language of the reader. */

import { loadTable } from "../api.js";

/** @import { Species } from "../types" */

export const LANGUAGES = ["en", "it", "de", "fr", "es", "pt"];

/** Texts by their keys, and species names by scientific names. @type {Record<string, string>} */
let table = {};

/**
 * The text of a key, its {places} filled. A key without a text shows itself.
 * @param {string} key
 * @param {Record<string, string | number>} [places]
 */
export function text(key, places = {}) {
  return (table[key] ?? key).replace(/\{(\w+)\}/g, (_, place) => String(places[place] ?? ""));
}

/** The reader's name of a species: the table's, else the model's own. @param {Species} species */
export const nameOf = ({ name, scientific_name }) => table[scientific_name] ?? name;

/** @param {string} key */
export const hasText = (key) => key in table;

/** The reader's choice, else the browser's language, else English. */
export function preferredLanguage() {
  const wanted = [localStorage.getItem("language"), ...navigator.languages].map((each) => each?.slice(0, 2) ?? "");
  return wanted.find((each) => LANGUAGES.includes(each)) ?? "en";
}

/**
 * Loads a language and writes it into the page.
 * @param {string} language
 */
export async function useLanguage(language) {
  table = await loadTable(`lang/${language}.json`);
  document.documentElement.lang = language;
  document.title = text("title");
  for (const target of document.querySelectorAll("[data-t]")) target.textContent = text(target.getAttribute("data-t") ?? "");
  for (const target of document.querySelectorAll("[data-t-label]")) {
    target.setAttribute("aria-label", text(target.getAttribute("data-t-label") ?? ""));
  }
}

/** A time in the recording: 1:05, or 0:00.5. @param {number} seconds */
export function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = String(Math.floor((tenths % 600) / 10)).padStart(2, "0");
  return `${Math.floor(tenths / 600)}:${rest}${tenths % 10 ? `.${tenths % 10}` : ""}`;
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

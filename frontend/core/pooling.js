/** Joins the windows of a recording into one answer: "The pooling rule" of docs/contracts.md, step by step. */

/** @import { Block, Pooled, Pooling, Species } from "../types" */

/** @param {number} p */
const cut = (p) => Math.floor(p * 10000 + 0.000001) / 10000;

/**
 * What one request would have said of all these windows.
 * @param {Block[]} windows in the order of the recording
 * @param {Pooling} pooling the model's own parameters
 * @returns {Pooled}
 */
export function pool(windows, pooling) {
  const heard = windows.filter((window) => window.verdict !== "no_bird");
  const scores = powerMeans(heard.length ? heard : windows, pooling);
  const confident = scores.map((species) => ({ ...species, probability: calibrate(species.probability, pooling.calibration) }));
  const best = Math.max(0, ...confident.map((species) => species.probability));
  const verdict = !heard.length ? "no_bird" : best >= pooling.bird_threshold ? "bird" : "unsure";
  return { verdict, species: share(confident).sort(byRank) };
}

/**
 * @param {Block[]} windows @param {Pooling} pooling
 * @returns {Species[]} in the order of their scientific names
 */
function powerMeans(windows, { exponent, species_per_window: most }) {
  /** @type {Map<string, Species>} */
  const sums = new Map();
  for (const window of windows) {
    for (const { name, scientific_name, probability } of [...window.species].sort(byRank).slice(0, most)) {
      const sum = sums.get(scientific_name)?.probability ?? 0;
      sums.set(scientific_name, { name, scientific_name, probability: sum + power(cut(probability), exponent) });
    }
  }
  return [...sums.values()]
    .map((species) => ({ ...species, probability: root(species.probability / windows.length, exponent) }))
    .sort((a, b) => byCodePoint(a.scientific_name, b.scientific_name));
}

/** Squares only: every language rounds them alike. @param {number} p @param {number} exponent @returns {number} */
const power = (p, exponent) => (exponent > 1 ? power(p * p, exponent / 2) : p);

/** @param {number} p @param {number} exponent @returns {number} */
const root = (p, exponent) => (exponent > 1 ? root(Math.sqrt(p), exponent / 2) : p);

/**
 * Straight lines between the points [score, confidence].
 * @param {number} score @param {[number, number][]} points
 */
function calibrate(score, points) {
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1];
    const [x1, y1] = points[i];
    if (score <= x1) return y0 + (y1 - y0) * ((score - x0) / (x1 - x0));
  }
  return 1;
}

/** Probabilities add up to at most 1. @param {Species[]} species */
function share(species) {
  const total = species.reduce((sum, { probability }) => sum + probability, 0);
  return species.map((each) => ({ ...each, probability: cut(total > 1 ? each.probability / total : each.probability) }));
}

/** @param {Species} a @param {Species} b */
const byRank = (a, b) => b.probability - a.probability || byCodePoint(a.scientific_name, b.scientific_name);

/** JavaScript's own order is that of UTF-16. @param {string} a @param {string} b */
function byCodePoint(a, b) {
  const [left, right] = [[...a], [...b]];
  const i = left.findIndex((letter, at) => letter !== right[at]);
  if (i < 0) return left.length - right.length;
  return i < right.length ? (left[i].codePointAt(0) ?? 0) - (right[i].codePointAt(0) ?? 0) : 1;
}

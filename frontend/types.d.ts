/** The shapes that the modules share (docs/contracts.md). */

export type Verdict = "bird" | "unsure" | "no_bird";
export type State =
  | "empty" | "chosen" | "recording" | "preparing" | "analysing" | "result" | "unsure" | "no-bird" | "error";

export interface Species {
  name: string;
  scientific_name: string;
  probability: number;
}

/** One stretch of about 5 s of the recording. */
export interface Block {
  start_seconds: number;
  end_seconds: number;
  verdict: Verdict;
  species: Species[];
}

export interface Pooling {
  rule: string;
  exponent: number;
  species_per_window: number;
  calibration: [number, number][];
  bird_threshold: number;
}

export interface Pooled {
  verdict: Verdict;
  species: Species[];
}

/** What the API says of a recording, or what the page joined from its parts. */
export interface Answer extends Pooled {
  windows: Block[];
  audio_seconds: number;
  model: string;
  pooling: Pooling;
}

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

/** A stretch of the recording, in samples at 22,050 Hz. */
export interface Part {
  start: number;
  end: number;
}

export type Palette = "paper" | "night" | "colour";

/** What of the recording is seen: seconds, and the canvas in device pixels. */
export interface View {
  from: number;
  to: number;
  width: number;
  height: number;
  palette: Palette;
  ink: string;
}

/** What the page asks of the Worker; `id` comes back with the answer. */
export interface ToWorker {
  id: number;
  canvas?: OffscreenCanvas;
  view?: View;
  channels?: Float32Array[];
  wav?: { start: number; end: number; form: "base64" | "file" };
}

export interface FromWorker {
  id: number;
  /** The recording is held: its length. */
  samples?: number;
  /** All of it is drawn. */
  drawn?: boolean;
  base64?: string;
  file?: Blob;
}

/** The parts of a recording and their answers, in order. */
export interface Job {
  parts: Part[];
  answers: (Answer | "silent" | undefined)[];
}

/**
 * What the page works on. `samples` comes to their number, or to null where this browser cannot decode the file;
 * it fails where the file must not even be tried.
 */
export interface Recording {
  file: File;
  url: string;
  work: AbortController;
  samples: Promise<number | null>;
  job?: Job;
}

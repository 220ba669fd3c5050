/** The shapes that the modules share (docs/contracts.md). */

type Verdict = "bird" | "unsure" | "no_bird";
type State =
  | "empty" | "chosen" | "recording" | "preparing" | "analysing" | "result" | "unsure" | "no-bird" | "error";

interface Species {
  name: string;
  scientific_name: string;
  probability: number;
}

/** One window: about 5 s of the recording. */
interface Block {
  start_seconds: number;
  end_seconds: number;
  verdict: Verdict;
  species: Species[];
}

interface Pooling {
  rule: string;
  exponent: number;
  species_per_window: number;
  calibration: [number, number][];
  bird_threshold: number;
}

interface Pooled {
  verdict: Verdict;
  species: Species[];
}

/** What the API says of a recording, or what the page joined from its parts. */
interface Answer extends Pooled {
  windows: Block[];
  audio_seconds: number;
  model: string;
  /** Missing in a shared link. */
  pooling?: Pooling;
}

/** From here to there: in samples at 22,050 Hz for a part that is sent, in seconds for one that is selected. */
interface Stretch {
  start: number;
  end: number;
}

/** The parts of a recording and their answers, in order. */
interface Job {
  parts: Stretch[];
  answers: (Answer | "silent" | undefined)[];
}

/**
 * What the page works on. `samples` comes to their number, or to null where this browser cannot decode the file;
 * it fails where the file must not even be tried.
 */
interface Recording {
  file: File;
  url: string;
  work: AbortController;
  samples: Promise<number | null>;
  job?: Job;
}

/** A failure with a code that the page has words for; `message` is the API's own sentence, or empty. */
interface Trouble {
  code: string;
  message: string;
  places: Record<string, number>;
}

/** The reader's name of a species. */
type NameOf = (species: Species) => string;

/** What of the recording is seen: seconds, and the canvas in device pixels. */
interface View {
  from: number;
  to: number;
  width: number;
  height: number;
  colour: boolean;
}

/** What a file holds: at 22,050 Hz where it is the same as the network's rate, else at 44,100 Hz. */
interface Sound {
  same: boolean;
  channels: Float32Array<ArrayBuffer>[];
}

/** What the page asks of the Worker; `id` comes back with the answer. */
interface ToWorker {
  id: number;
  canvas?: OffscreenCanvas;
  view?: View;
  sound?: Sound;
  wav?: Stretch;
}

interface FromWorker {
  id: number;
  /** The recording is held: its length. */
  samples?: number;
  /** All of it is drawn. */
  drawn?: boolean;
  base64?: Blob;
  file?: Blob;
}

/** 16-bit samples as the microphone brings them. */
type Chunks = Int16Array<ArrayBuffer>[];

/** What the page says of a recording, and how many of its parts are answered. */
type Shown = { state: State; best: Pooled | null; trouble: Trouble | null; done: number; all: number };

/** Raises a number, or takes its root. */
type Power = (p: number, exponent: number) => number;

/** Hears each message of the Worker. */
type Answered = (message: FromWorker) => void;

/** The shapes that the modules share (docs/contracts.md). Nothing here is shipped. */

type Verdict = "bird" | "unknown_bird" | "unsure" | "no_bird"
type State =
  | "empty"
  | "chosen"
  | "recording"
  | "preparing"
  | "analysing"
  | "result"
  | "unsure"
  | "unknown-bird"
  | "no-bird"
  | "error"

interface Named {
  name: string
  scientific_name: string
}

interface Species extends Named {
  probability: number
}

interface Candidate extends Named {
  confidence: number
}

interface Span {
  start_seconds: number
  end_seconds: number
}

/** A listed species that is heard, with a confidence of its own. */
interface Bird extends Candidate {
  certain: boolean
  spans: Span[]
}

interface Heard {
  verdict: Verdict
  birds: Bird[]
  candidates: Candidate[]
}

/** About 5 s of the recording, with a verdict. (`Window` is the browser's.) */
interface AnswerWindow {
  start_seconds: number
  end_seconds: number
  verdict: Verdict
  /** The probability that any bird sings; missing in a shared link. */
  bird?: number
  species: Species[]
}

interface BirdsRule {
  heard: number
  least_windows: number
  calibration: [number, number][]
  candidate: number
  bird: number
  certain: number
  unknown: number
  sings: number
}

interface Pooling {
  rule: string
  exponent: number
  species_per_window: number
  calibration: [number, number][]
  bird_threshold: number
  /** Missing where the model has no rule of birds. */
  birds?: BirdsRule
}

interface Pooled {
  verdict: Verdict
  species: Species[]
}

/** The API's answer for a recording, or the page's own, joined from those for its chunks. */
interface Answer extends Pooled, Heard {
  windows: AnswerWindow[]
  audio_seconds: number
  model: string
  /** Missing in a shared link. */
  pooling?: Pooling
}

/** What one request sends of a recording, in samples at 22,050 Hz. */
interface Chunk {
  start: number
  end: number
}

/** What the reader selects or plays of a recording, in seconds. */
interface Part {
  start: number
  end: number
}

/** A chunk's answer, or "silent" where the API hears nothing in it. */
type ChunkAnswer = Answer | "silent"

/** The chunks of a recording and their answers, in order. */
interface Job {
  chunks: Chunk[]
  answers: (ChunkAnswer | undefined)[]
}

/**
 * What the page works on. `samples` resolves to their number, or to null where this browser cannot
 * decode the file; it rejects where the file must not even be tried.
 */
interface Recording {
  file: File
  url: string
  work: AbortController
  samples: Promise<number | null>
  job?: Job
}

/**
 * A failure with a code that the page has a text for, and the values of that text; `message` is the
 * API's own sentence, or empty.
 */
interface Failure {
  code: string
  message: string
  values: Record<string, string | number>
}

/** Return the reader's name of a species. */
type NameOf = (species: Named) => string

/** Write an answer; `file` is the recording's name. */
type ExportWriter = (answer: Answer, nameOf: NameOf, file: string) => string

type Field = string | number | boolean

/** Return the columns of each bird that sings in a window, or those of the best guess. */
type Describe = (window: AnswerWindow, birds: Bird[], nameOf: NameOf) => Field[][]

type SpansOf = (answer: Answer) => [start: string, end: string, bird: Bird][]

/** A label that is no key of lang/*.json is shown as it is. */
type ExportFormat = [
  name: string,
  suffix: string,
  mediaType: string,
  label: string,
  write: ExportWriter
]

/** What of the recording is visible: seconds, and the canvas in device pixels. */
interface View {
  from: number
  to: number
  width: number
  height: number
  colour: boolean
}

/** A view in columns of the transform; `top` is the loudest byte. */
interface ImageView {
  from: number
  to: number
  width: number
  colour: boolean
  top: number
}

/** A decoded file: at the network's 22,050 Hz where `same` is true, otherwise at 44,100 Hz. */
interface Sound {
  same: boolean
  channels: Float32Array<ArrayBuffer>[]
}

/** A request to the Worker; its replies carry the same `id`. */
interface ToWorker {
  id: number
  canvas?: OffscreenCanvas
  /** Takes the picture of the whole recording. */
  map?: OffscreenCanvas
  view?: View
  sound?: Sound
  wav?: Chunk
}

interface FromWorker {
  id: number
  /** The length of the sound that the Worker now holds. */
  samples?: number
  /** A part of the picture is seen, or all of it. */
  picture?: "drawing" | "ready"
  base64?: Blob
  file?: Blob
}

type OnReply = (reply: FromWorker) => void

/** 16-bit samples in the batches of the microphone. */
type Batches = Int16Array<ArrayBuffer>[]

/** What the answer card shows; `done` of `all` chunks are answered. */
interface Card {
  state: State
  best: Answer | null
  failure: Failure | null
  done: number
  all: number
}

/** Return p to the power of an exponent, or its root. */
type Power = (p: number, exponent: number) => number

/**
 * Return the API's answer for a base64 audio file; wait as often as a busy API asks. Throws
 * ApiError or AbortError.
 */
type Classify = (
  data: BlobPart,
  signal: AbortSignal,
  onWait: (seconds: number) => void
) => Promise<Answer>

/**
 * Ask for what has no answer yet: the first chunk alone, then three at a time. A failure stops it;
 * the answers that came stay in the job.
 */
type Run = (
  job: Job,
  ask: (chunk: Chunk) => Promise<ChunkAnswer>,
  onProgress: () => void
) => Promise<void>

type WindowsOf = (answer: ChunkAnswer, chunk: Chunk) => AnswerWindow[]

type ShowState = (state: State, best?: Answer | null, failure?: Failure | null) => void

/** Give the sound to the Worker; return the number of samples. */
type Hold = (sound: Sound, onPicture: (state: Picture) => void) => Promise<number>

type AskWorker = (message: Omit<ToWorker, "id">, moved?: Transferable[], onReply?: OnReply) => void

type Collect = (port: MessagePort, rate: number, stop: AbortSignal) => Promise<Batches>

type Pool = (windows: AnswerWindow[], rule: Pooling) => Pooled

type Hear = (windows: AnswerWindow[], rule: BirdsRule) => Heard

type HearOne = (windows: AnswerWindow[], verdict: Verdict, species: Species[]) => Heard

type Judge = (counted: AnswerWindow[], best: number, rule: BirdsRule) => Verdict

/** Return each species' mean, by name: the order of the sums that follow. */
type PowerMeans = (windows: AnswerWindow[], rule: Pooling) => Species[]

/** Return the job where it is unfinished and of these chunks, otherwise a new one. */
type Resume = (job: Job | undefined, chunks: Chunk[]) => Job

type ByRank = (a: Species, b: Species) => number

type Pass = (data: string | Uint8Array<ArrayBuffer>, stream: GenericTransformStream) => Response

/** What is seen of the spectrogram: "none" where this browser cannot draw, "gone" without one. */
type Picture = "waiting" | "drawing" | "ready" | "none" | "gone"

/** The words of the answer card; `sure` is 0 where no single bird is named. */
interface Headline {
  kicker?: string
  name: string
  latin: string
  line: string
  sure: number
}

/** A song to try; `part` is what of the recording it is. */
interface Sample extends Named {
  id: string
  url: string
  author: string
  number: number
  license: string[]
  part?: string
}

interface RowActs {
  playable: boolean
  share: (bird: Bird) => void
}

type ShowRows = (answer: Answer | null, acts: RowActs) => void

/** `wait`: do not identify it yet. `recorded`: it is from the microphone. */
type Choose = (file: File, options?: { wait?: boolean; recorded?: boolean }) => Promise<unknown>

type Open = (
  file: File,
  length: Promise<number>,
  isCurrent: () => boolean
) => Promise<number | null>

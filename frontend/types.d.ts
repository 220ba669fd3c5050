/** The shapes that the modules share (docs/contracts.md). Nothing here is shipped. */

type Verdict = "bird" | "unknown_bird" | "unsure" | "no_bird"
type State =
  | "empty"
  | "chosen"
  | "recording"
  | "listening"
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
  /** The scientific name that the reader gave it, "another_bird" or "no_bird". */
  verified?: string
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
  /** The probability that one sings which is not listed; missing where the model cannot say. */
  another?: number
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
  another?: number
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
  /** Missing where the API answered. */
  answered_by?: string
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

/** A chunk's answer, or "silent" where there is no sound in it. */
type ChunkAnswer = PartialAnswer | "silent"

/** What is joined of it; this device makes no more. */
type PartialAnswer = Pick<Answer, "pooling" | "model"> & { windows: Judged[] }

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

/** A decoded file. */
interface Sound {
  /** In Hz, of the channels. */
  rate: number
  /** It holds more than 16 bits a sample. */
  fine: boolean
  /** In place of channels: one of 16 bits at 22,050 Hz. */
  pcm?: Int16Array<ArrayBuffer>
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
  cut?: Chunk
}

interface FromWorker {
  id: number
  pcm?: Int16Array<ArrayBuffer>
  /** The length of the sound that the Worker now holds; -1 where it holds no number. */
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

type IsAnother = (
  counted: AnswerWindow[],
  best: number,
  rule: Pick<BirdsRule, "another" | "unknown">
) => boolean

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
  /** Missing where nobody knows: of a shared result. */
  heard?: Date
  share: (bird: Bird) => void
}

type ShowRows = (answer: Answer | null, acts: RowActs) => void

/** `wait`: do not identify it yet. `recorded`: it is from the microphone. `answer`: it has one. */
type Choose = (
  file: File,
  options?: { wait?: boolean; recorded?: boolean; answer?: Answer }
) => Promise<unknown>

type Open = (
  file: File,
  length: Promise<number>,
  isCurrent: () => boolean
) => Promise<number | null>

/** Floats in [-1, 1], or 16-bit PCM. */
type Samples = Float32Array<ArrayBuffer> | Int16Array<ArrayBuffer>

type TransformColumn = (samples: Samples, column: number, mean: number) => void

/** constants.json of the model (docs/contracts.md), and what the publisher adds. */
interface Constants {
  labels: string[]
  names: string[]
  settings: {
    version: string
    independent?: boolean
    thresholds: { bird: number; no_bird: number }
    pooling: Pooling
    birds?: BirdsRule
  }
  browser_sha256?: string
}

/** What the network returns for a window; null is a silent one, of which it is not asked. */
type Seen = { probabilities: Float32Array; bird?: number; another?: number } | null

type Judged = Omit<AnswerWindow, "start_seconds" | "end_seconds">

type JudgeWindow = (constants: Constants, seen: Seen) => Judged

/** The network of this device; `judge` takes a window at 22,050 Hz, at most 5 s long. */
interface Network {
  constants: Constants
  judge: (samples: Int16Array<ArrayBuffer>) => Promise<Judged>
}

type LoadNetwork = () => Promise<Network>

type LoadModel = (cache?: RequestCache) => Promise<[Constants, Uint8Array<ArrayBuffer>]>

/** Throws ApiError. */
type LoadBytes = (url: string, cache?: RequestCache) => Promise<Uint8Array<ArrayBuffer>>

/** What we use of @litertjs/core. */
interface LiteRtTensor {
  toTypedArray(): Float32Array
  delete(): void
}

interface LiteRt {
  loadLiteRt: (loader: string) => Promise<unknown>
  loadAndCompile: (
    model: Uint8Array,
    options: { accelerator: string }
  ) => Promise<{
    run: (inputs: Record<string, LiteRtTensor>) => Promise<Record<string, LiteRtTensor>>
  }>
  Tensor: new (values: Uint8Array, shape: number[]) => LiteRtTensor
}

/** Of channels at any rate, which are used up. `mayRaise`: a quiet recording may become louder. */
type ToMono = (
  channels: Sound["channels"],
  rate: number,
  mayRaise: boolean
) => Int16Array<ArrayBuffer> | null

type Resample = (sound: Sound["channels"][0], rate: number) => Sound["channels"][0]

type MeanPcm = (channels: Sound["channels"]) => Int16Array<ArrayBuffer>

type ReadWav = (file: ArrayBuffer) => Int16Array<ArrayBuffer> | null

type Decode = (file: File) => Promise<Sound | null>

/** A bird that is heard while the page listens; `count`: how often it began. */
interface Tallied extends Candidate {
  certain: boolean
  lit: boolean
  first_seconds: number
  count: number
  looks: number
  /** It was not heard in the look before. */
  silent: boolean
}

interface Look {
  seconds: number
  birds: Tallied[]
}

type OnLook = (look: Look) => void

interface LiveEnd {
  sound: Blob
  samples: number
  windows?: Judged[]
}

/** A request to listen-worker.js; its reply carries the same `id`. */
interface ToListenWorker {
  id?: number
  /** It will be needed soon. */
  load?: boolean
  /** Begin to listen, to 16-bit samples at this rate. */
  rate?: number
  heard?: Int16Array<ArrayBuffer>
  end?: boolean
  /** Name these, at 22,050 Hz. */
  samples?: Int16Array<ArrayBuffer>
  /** Name a decoded file. */
  sound?: Sound
}

interface FromListenWorker {
  id?: number
  look?: Look
  model?: string
  answer?: ChunkAnswer
  sound?: Blob
  length?: number
  /** Why it failed. */
  code?: string
  /** The worker itself could not be loaded. */
  failed?: boolean
}

type OnListenReply = (reply: FromListenWorker) => void

type AskDevice = (message: ToListenWorker, moved?: Transferable[]) => Promise<FromListenWorker>

type AnswerOf = (network: Network, windows: Judged[]) => ChunkAnswer

/** What was heard; without an answer where the network could not be loaded. */
interface Listened {
  file: File
  seconds: number
  answer: Answer | null
}

/** What the reader said of a bird of an answer, and the sound of its spans. */
interface Correction {
  species: string
  said: Named
  date: string
  clips: { start: number; end: number; sound: Blob }[]
}

/** A recording of this device; without an answer it waits for one. */
interface Entry {
  id: string
  /** ISO 8601. */
  date: string
  name: string
  sound: File
  answer: Answer | null
  corrections: Correction[]
}

type OpenEntry = (file: File, entry: Entry) => void

type Keep = (file: File, answer?: Answer | null) => Promise<void>

/** Return the joined answer of a job. Throws ApiError or AbortError. */
type AskChunks = (job: Job, signal: AbortSignal, onProgress: () => void) => Promise<Answer>

type OpenFile = (file: File, options: Parameters<Choose>[1]) => Promise<unknown>

/** The south-west corner of a cell of one degree, in degrees north and east. */
type Cell = [north: number, east: number]

/** Where and when the listed species are unusual (training/data/occurrence.py). */
interface Seasons {
  species: string[]
  south: number
  west: number
  rows: number
  columns: number
  bits: Uint8Array
}

type ReadSeasons = (bytes: Uint8Array) => Seasons

type IsUnusual = (seasons: Seasons, species: string, cell: Cell, month: number) => boolean

interface NamedPlace {
  names: string[]
  cell: Cell
}

type ParsePlace = (words: string, places: NamedPlace[]) => Cell | null

/** By the city's name: its country's code, degrees north and east. */
type CityTable = Record<string, [code: string, north: number, east: number]>

/** The recording, its answer, and what adds the reader's corrections to that. */
type GetCurrent = () => { answer: Answer | null; file?: File; verify?: (answer: Answer) => Answer }

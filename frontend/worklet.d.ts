/** What TypeScript's libraries lack of the AudioWorkletGlobalScope. */

declare class AudioWorkletProcessor {
  readonly port: MessagePort
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void

/** The formats that the API reads (docs/contracts.md), with the suffixes of their files. */
export const AUDIO_FORMATS = {
	WAV: ".wav",
	MP3: ".mp3",
	OGG: ".ogg,.oga,.opus",
	FLAC: ".flac",
	M4A: ".m4a",
	AAC: ".aac",
	WebM: ".webm"
}

"""The first classification: one second of a song, sent through the API."""

import base64
import http.client
import io
import json
import wave
from urllib.parse import urlsplit

from infra.song import make_song

SAMPLE_RATE = 22_050
TIMEOUT_SECONDS = 40


def classify(api_base: str, sound: bytes | None = None) -> tuple[int, str]:
    """Send a sound, or the song; return status and body. Raises OSError where nothing listens."""
    connection = http.client.HTTPConnection(urlsplit(api_base).netloc, timeout=TIMEOUT_SECONDS)
    body = json.dumps({"data": base64.b64encode(sound or whistle()).decode()})
    try:
        connection.request("POST", "/classify", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def whistle() -> bytes:
    """Return one second of the song as a WAV."""
    samples = make_song(1, SAMPLE_RATE)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, samples.itemsize, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes(samples.tobytes())
    return file.getvalue()

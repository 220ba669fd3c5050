"""The first classification: a whistle of one second, sent through the API."""

import base64
import http.client
import io
import json
import wave
from array import array
from math import pi, sin
from urllib.parse import urlsplit

SAMPLE_RATE = 22_050
TIMEOUT_SECONDS = 40


def classify(api_base: str) -> tuple[int, str]:
    """Send the whistle; answer the HTTP status and the text that came. Raises OSError where nothing listens."""
    connection = http.client.HTTPConnection(urlsplit(api_base).netloc, timeout=TIMEOUT_SECONDS)
    body = json.dumps({"data": base64.b64encode(whistle()).decode()})
    try:
        connection.request("POST", "/classify", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    finally:
        connection.close()


def whistle() -> bytes:
    """Make one second of a 3 kHz tone as a WAV."""
    samples = array(
        "h", (round(10_000 * sin(2 * pi * 3_000 * i / SAMPLE_RATE)) for i in range(SAMPLE_RATE))
    )
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, samples.itemsize, SAMPLE_RATE, 0, "NONE", ""))
        out.writeframes(samples.tobytes())
    return file.getvalue()

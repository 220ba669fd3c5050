"""How the tests ask the decoder."""

from birdapp.chalicelib.decode import decode
from birdapp.chalicelib.errors import ServiceError

# Long, because this machine may be busy; the service gives 5 s.
SECONDS = 60.0
REFUSALS = {
    "unsupported_audio",
    "undecodable_audio",
    "no_audio_stream",
    "audio_too_short",
    "audio_too_long",
}


def refusal(data, **options):
    """The code that the decoder refuses with, or None."""
    try:
        decode(data, SECONDS, **options)
    except ServiceError as error:
        return error.code
    return None

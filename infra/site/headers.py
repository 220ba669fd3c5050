"""What goes out beside the files: Content-Security-Policy, types, how long to keep what."""

from pathlib import PurePosixPath
from urllib.parse import urlsplit

# Only these are ever published; S3 itself would serve modules as binary, which browsers refuse.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".tflite": "application/octet-stream",
    ".bin": "application/octet-stream",
    ".mp3": "audio/mpeg",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
OWN_FILES = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self'; worker-src 'self'; manifest-src 'self'"
)
NO_FORMS = "base-uri 'none'; form-action 'none'"
# Megabytes that S3, which compresses nothing, gets compressed.
COMPRESSED = (".wasm", ".tflite")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


def content_security_policy(api_base: str) -> str:
    """Allow the page its own files, sounds that it made, this API; nothing else, no inline code."""
    return f"{page_policy(api_base)}; frame-ancestors 'none'"


def page_policy(api_base: str) -> str:
    """Return the policy without what a <meta> element may not hold."""
    parts = urlsplit(api_base)
    # The origin alone: a source with a path would have to match the whole path.
    return f"{OWN_FILES}; connect-src 'self' {parts.scheme}://{parts.netloc}; {NO_FORMS}"


def listen_worker_policy() -> str:
    """Return the policy of listen-worker.js alone: it compiles WebAssembly, the page does not."""
    return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"


def content_type(name: str) -> str:
    return TYPES[PurePosixPath(name).suffix]


def config_module(api_base: str, *, can_listen: bool = False) -> bytes:
    """Return config.js: the API's address, and whether the site has a model for the browser."""
    listens = str(can_listen).lower()
    text = f'export const apiBase = "{api_base}";\nexport const canListen = {listens};\n'
    return text.encode()

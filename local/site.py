"""The static site: frontend/ with its content types, and what holds the API's address."""

import functools
import mimetypes
import os
import sys
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.errors import DeployError
from infra.site.headers import config_module, content_security_policy, listen_worker_policy
from infra.site.listen import Files, library_files, model_files
from local import processes
from local.server import Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "frontend"
# A browser refuses a module of any other type, whatever the machine's own tables hold.
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}
# What the folder does not hold.
MADE = ("config.js", "litert/", "model/")


class SiteHandler(Handler, SimpleHTTPRequestHandler):
    """GET and HEAD of the files; no listings."""

    extensions_map = mimetypes.types_map | TYPES

    def __init__(
        self, *args: Any, api_base: str, listen: Callable[[], Files] = dict, **kwargs: Any
    ) -> None:
        self._api_base, self._listen = api_base, listen
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Send config.js and what Listen needs from memory, everything else from the folder."""
        path = urlsplit(self.path).path.removeprefix("/")
        made = self._listen() if path.startswith(MADE) else {}
        made["config.js"] = config_module(self._api_base, can_listen=bool(made))
        if path in made:
            return self.send(200, made[path], {"Content-Type": self.guess_type(path)})
        return super().do_GET()

    do_HEAD = do_GET

    def list_directory(self, _path: Any) -> None:
        """Send 404 for a folder without an index."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Add the policy to every response, and keep browsers from showing an old page."""
        worker = self.path.startswith("/listen-worker")
        policy = listen_worker_policy() if worker else content_security_policy(self._api_base)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


class Listen:
    """What Listen needs, once LiteRT.js is here: npm may take a while, and the page waits not."""

    def __init__(self, model: Path) -> None:
        self._model, self._library = model, Files()
        threading.Thread(target=self._load, daemon=True).start()

    def __call__(self) -> Files:
        """Return nothing where the model is none for the browser; it may be swapped any time."""
        model = model_files(self._model) if self._library else {}
        return self._library | model if model else {}

    def _load(self) -> None:
        try:
            self._library = library_files()
        except DeployError as error:
            print(f"The page cannot listen by itself: {error}.", file=sys.stderr)


def main() -> int:
    """Serve the page for the API at API_BASE on the inherited socket."""
    processes.end_with_parent()
    listen = Listen(Path(os.environ["MODEL_DIR"]))
    handler = functools.partial(
        SiteHandler, api_base=os.environ["API_BASE"], listen=listen, directory=str(FOLDER)
    )
    Server(inherited(int(sys.argv[1])), handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

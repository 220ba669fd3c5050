"""The static site: frontend/ with its content types, and what holds the API's address."""

import functools
import mimetypes
import os
import sys
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.site.headers import config_module, content_security_policy
from local import processes
from local.server import Handler, Server, inherited

FOLDER = Path(__file__).parent.parent / "frontend"
# A browser refuses a module of any other type, whatever the machine's own tables hold.
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".webmanifest": "application/manifest+json",
}


class SiteHandler(Handler, SimpleHTTPRequestHandler):
    """GET and HEAD of the files; no listings."""

    extensions_map = mimetypes.types_map | TYPES

    def __init__(self, *args: Any, api_base: str, **kwargs: Any) -> None:
        self._api_base = api_base
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        """Send config.js from memory, everything else from the folder."""
        if urlsplit(self.path).path == "/config.js":
            return self.send(
                200, config_module(self._api_base), {"Content-Type": "text/javascript"}
            )
        return super().do_GET()

    do_HEAD = do_GET

    def list_directory(self, _path: Any) -> None:
        """Send 404 for a folder without an index."""
        self.send_error(404)

    def end_headers(self) -> None:
        """Add the policy to every response, and keep browsers from showing an old page."""
        self.send_header("Content-Security-Policy", content_security_policy(self._api_base))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


def main() -> int:
    """Serve the page for the API at API_BASE on the inherited socket."""
    processes.end_with_parent()
    handler = functools.partial(SiteHandler, api_base=os.environ["API_BASE"], directory=str(FOLDER))
    Server(inherited(int(sys.argv[1])), handler).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

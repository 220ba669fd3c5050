"""The page's files over HTTP."""

from urllib.request import urlopen

import pytest
from local_app import ask


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html"),
        ("/index.html", 200, "text/html"),
        ("/main.js", 200, "text/javascript"),
        ("/style.css", 200, "text/css"),
        ("/config.js", 200, "text/javascript"),
        ("/page/", 404, "text/html;charset=utf-8"),
        ("/%2e%2e/run_local.py", 404, "text/html;charset=utf-8"),
    ],
)
def test_the_site_sends_files_as_what_they_are_and_nothing_else(app, path, status, content_type):
    answered, headers, _ = ask(app.site_url, "GET", path)
    assert (answered, headers["Content-Type"]) == (status, content_type)
    assert f"connect-src 'self' {app.api_url};" in headers["Content-Security-Policy"]


def test_the_page_is_told_where_the_api_is(app):
    text = urlopen(f"{app.site_url}/config.js").read().decode()
    assert text.startswith(f'export const apiBase = "{app.api_url}";\n')

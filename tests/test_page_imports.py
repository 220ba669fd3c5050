"""Who may import whom in the page: core/ is pure, api.js alone talks to the network."""

import re

import pytest
from page_api import FRONTEND

# The first pattern that fits a module is its rule: the prefixes of what it may load.
RULES = {
    "core/": ["core/"],
    "listen/": ["listen/", "core/", "api.js"],
    "listen-worker.js": ["listen/"],
    "page/": [
        *("page/", "core/", "api.js"),
        *("sound-worker.js", "listen-worker.js", "recorder-worklet.js"),
    ],
    "main.js": ["page/", "core/", "api.js", "sw.js"],
    "api.js": ["config.js"],
    "sound-worker.js": ["core/"],
    "recorder-worklet.js": [],
    "sw.js": [],
}
MODULES = sorted(
    str(path.relative_to(FRONTEND))
    for path in FRONTEND.rglob("*.js")
    if "node_modules" not in path.parts
)
# import ... from "x", import "x", import("x"); and the workers, whose names the page resolves.
IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*\(?\s*)["'](\.[^"']+)["']""")
WORKER = re.compile(r"""(?:new Worker|addModule|register)\(\s*["']([^"']+)["']""")
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
NETWORK = re.compile(r"\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|WebTransport|sendBeacon)\b")
OF_THE_PAGE = re.compile(r"\b(?:document|navigator|location|localStorage|caches|postMessage)\b")


def source(module):
    """The code without comments: types may name any module."""
    return COMMENT.sub("", (FRONTEND / module).read_text())


def loaded_by(module, code):
    folder = (FRONTEND / module).parent
    imported = [
        (folder / name).resolve().relative_to(FRONTEND.resolve()) for name in IMPORT.findall(code)
    ]
    return {*map(str, imported), *WORKER.findall(code)}


def rule_of(module):
    return next(allowed for prefix, allowed in RULES.items() if module.startswith(prefix))


@pytest.mark.parametrize("module", MODULES)
def test_a_module_loads_only_what_its_rule_allows(module):
    loaded = loaded_by(module, source(module))
    assert [name for name in loaded if not name.startswith(tuple(rule_of(module)))] == []


@pytest.mark.parametrize(
    "module", [module for module in MODULES if module not in {"api.js", "sw.js"}]
)
def test_only_one_module_talks_to_the_network(module):
    """(sw.js passes the page's requests on and makes none of its own.)"""
    assert not NETWORK.findall(source(module))


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("core/")])
def test_core_touches_neither_the_page_nor_the_browser_s_stores(module):
    assert not OF_THE_PAGE.findall(source(module))


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ('import {a} from "./b.js"', {"page/b.js"}),
        ('import * as a from "../core/b.js"', {"core/b.js"}),
        ('import "./b.js"', {"page/b.js"}),
        ('export {a} from "./b.js"', {"page/b.js"}),
        ('import {\n\ta,\n\tb\n} from "../api.js"', {"api.js"}),
        ('const {a} = await import("./b.js")', {"page/b.js"}),
        ('new Worker("sound-worker.js", {type: "module"})', {"sound-worker.js"}),
        ('await context.audioWorklet.addModule("recorder-worklet.js")', {"recorder-worklet.js"}),
    ],
)
def test_the_check_sees_every_kind_of_import(code, loaded):
    assert loaded_by("page/a.js", code) == loaded

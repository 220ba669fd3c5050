"""Which files make the site, and under which names: a file that another one names gets a digest.

A file with a digest may be kept for ever; when it, or anything that it loads, changes, its name
changes too. index.html, the service worker and whatever is only named while the page runs
(lang/*.json) keep theirs.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from infra.config import ROOT
from infra.errors import DeployError
from infra.site.headers import ASK_AGAIN, FOR_EVER, TYPES, config_module, content_type, page_policy
from infra.stacks.site import INDEX

FOLDER = ROOT / "frontend"
CONFIG = "config.js"
WORKER = "sw.js"
# Browsers know these by their address.
FIXED = {INDEX, WORKER, "manifest.webmanifest"}
# The service worker's list of what it caches for a day without a network.
FILES_LIST = re.compile(r"^const FILES = \[.*?\];$", re.DOTALL | re.MULTILINE)
NOT_PUBLISHED = {"node_modules", "check", "publishing", "__pycache__"}
TOOLS = {"package.json", "package-lock.json", "tsconfig.json", "tsconfig.worker.json"}
TEXTS = {".html", ".css", ".js", ".webmanifest"}
# A name in quotes, or in CSS's url(...).
REFERENCE = re.compile(r"""(?P<open>["']|url\()(?P<name>[\w./-]+\.\w+)(?P<close>["']|\))""")
ON_DEMAND = ("samples/", "litert/", "model/", "where/")
CHARSET = b'<meta charset="utf-8">'
DIGEST_CHARACTERS = 10

Files = dict[str, bytes]


@dataclass(frozen=True)
class Asset:
    name: str
    content: bytes = field(repr=False)
    content_type: str
    cache_control: str


def make_assets(
    api_base: str,
    folder: Path = FOLDER,
    *,
    policy_in_page: bool = False,
    listen: Files | None = None,
) -> list[Asset]:
    """Return the site's files: those with a digest first, index.html last, so that none is missing.

    `policy_in_page` writes the Content-Security-Policy into index.html, for a host that sends no
    such header. `listen` is what Listen needs beside the page's own files, if it is offered.
    """
    listen = listen or {}
    config = config_module(api_base, can_listen=bool(listen))
    files = read_files(folder) | listen | {CONFIG: config}
    if policy_in_page:
        policy = page_policy(api_base)
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'.encode()
        files[INDEX] = files[INDEX].replace(CHARSET, CHARSET + b"\n" + meta, 1)
    names = new_names(files)
    files[WORKER] = list_for_worker(files[WORKER].decode(), names)
    lifetimes = {old: ASK_AGAIN if new == old else FOR_EVER for old, new in names.items()}
    assets = [
        Asset(new, rewrite(old, files, names), content_type(old), lifetimes[old])
        for old, new in names.items()
    ]
    return sorted(assets, key=lambda it: (it.cache_control != FOR_EVER, it.name == INDEX, it.name))


def list_for_worker(worker: str, names: dict[str, str]) -> bytes:
    """Return the service worker with the published names. Raises DeployError without its list."""
    names_listed = ["./", *sorted(new for old, new in names.items() if is_listed(old))]
    written, count = FILES_LIST.subn(lambda _: f"const FILES = {json.dumps(names_listed)};", worker)
    if count != 1:
        raise DeployError(f"{WORKER} must name the files it keeps once, as `const FILES = [...];`.")
    return written.encode()


def is_listed(name: str) -> bool:
    """The songs to try, and what Listen needs, are loaded only when a reader asks for them."""
    return name not in {INDEX, WORKER} and not name.startswith(ON_DEMAND)


def read_files(folder: Path) -> Files:
    """Return what belongs to the page by its path; tools, types and tests stay behind."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in TYPES)
    names = (path.relative_to(folder) for path in paths if path.name not in TOOLS)
    shown = (name for name in names if not any(part.startswith(".") for part in name.parts))
    published = (name for name in shown if not NOT_PUBLISHED & set(name.parts))
    return {name.as_posix(): (folder / name).read_bytes() for name in published}


def new_names(files: Files) -> dict[str, str]:
    """Return each file's published name: with a digest where another file names it."""
    loads = {name: set(references(name, files)) for name in files}
    named = set().union(*loads.values()) - FIXED
    return {name: with_digest(name, files, loads) if name in named else name for name in files}


def has_references(name: str) -> bool:
    """Return whether a file loads others by name; the worker only lists them."""
    return PurePosixPath(name).suffix in TEXTS and name != WORKER


def references(name: str, files: Files) -> Iterator[str]:
    if has_references(name):
        for match in REFERENCE.finditer(files[name].decode()):
            if (target := resolve(match["name"], name)) in files:
                yield target


def resolve(reference: str, name: str) -> str:
    """Return which file a reference in the file `name` means.

    Modules import by "./" and "../" from where they are; any other name in a script is one that the
    page loads.
    """
    from_itself = reference.startswith(".") or PurePosixPath(name).suffix != ".js"
    folder = posixpath.dirname(name) if from_itself else ""
    return posixpath.normpath(posixpath.join(folder, reference))


def with_digest(name: str, files: Files, loads: dict[str, set[str]]) -> str:
    """Return a file's name with the digest of its content and of all that it loads, rings included.

    What keeps its name does not count: whoever names it need not change when it does.
    """
    reached, waiting = set(), [name]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            waiting.extend(loads[file] - FIXED)
    digest = hashlib.sha256()
    for file in sorted(reached):
        digest.update(f"{file}\n{hashlib.sha256(files[file]).hexdigest()}\n".encode())
    path, end = PurePosixPath(name), digest.hexdigest()[:DIGEST_CHARACTERS]
    return path.with_name(f"{path.stem}-{end}{path.suffix}").as_posix()


def rewrite(name: str, files: Files, names: dict[str, str]) -> bytes:
    if not has_references(name):
        return files[name]

    def renamed(match: re.Match[str]) -> str:
        target = resolve(match["name"], name)
        new = PurePosixPath(names.get(target, target)).name
        folder = match["name"].removesuffix(PurePosixPath(target).name)
        return f"{match['open']}{folder}{new}{match['close']}"

    return REFERENCE.sub(renamed, files[name].decode()).encode()

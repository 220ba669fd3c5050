"""What Listen needs beside the page's own files: LiteRT.js from npm, and a model for the browser.

Without a model for the browser there is no Listen, and the page offers none.
"""

import base64
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import urllib.request
from pathlib import Path

from infra.config import ROOT
from infra.errors import DeployError

# The exact versions and their digests: npm's own lock file.
LOCK = ROOT / "frontend" / "package-lock.json"
TARBALLS = ROOT / "build" / "npm"
MODEL = ROOT / "training" / "model"
REGISTRY = "https://registry.npmjs.org"
CORE, UTILS = "@litertjs/core", "@litertjs/wasm-utils"
# "compat" runs where a browser lacks relaxed SIMD, and is as fast here.
LOADER = "litert_wasm_compat_internal"
# Where a file is in its package, and its name in the site.
TAKEN = {
    CORE: {
        "package/dist/index.js": "litert/index.js",
        f"package/wasm/{LOADER}.js": f"litert/{LOADER}.js",
        f"package/wasm/{LOADER}.wasm": f"litert/{LOADER}.wasm",
    },
    UTILS: {"package/dist/index.js": "litert/wasm-utils.js"},
}
# Browsers resolve no names of packages. Maps of their sources are not published.
NAMED, PLACED = f'"{UTILS}"'.encode(), b'"./wasm-utils.js"'
SOURCE_MAP = b"//# sourceMappingURL="
TIMEOUT_SECONDS = 120
NETWORK, CONSTANTS = "browser.tflite", "constants.json"
DIGEST = "browser_sha256"

Files = dict[str, bytes]


def listen_files(model: Path = MODEL) -> Files:
    """Return all that Listen needs, or nothing where the model is none for the browser.

    Raises DeployError where LiteRT.js is not to be had.
    """
    found = model_files(model)
    return found | library_files() if found else {}


def model_files(folder: Path) -> Files:
    """Return the browser's model, and the constants with its digest; nothing where it has none.

    One of another digest than the constants' is of an older model, and counts as none.
    """
    network, constants = folder / NETWORK, folder / CONSTANTS
    if not network.exists() or not constants.exists():
        return {}
    content, known = network.read_bytes(), json.loads(constants.read_bytes())
    digest = hashlib.sha256(content).hexdigest()
    if known.setdefault(DIGEST, digest) != digest:
        return {}
    return {f"model/{NETWORK}": content, f"model/{CONSTANTS}": json.dumps(known).encode()}


def library_files() -> Files:
    """Return LiteRT.js by the names of the site. Raises DeployError where npm's is not to be had.

    It is fetched once, by npm where that is installed.
    """
    found: Files = {}
    for package, wanted in TAKEN.items():
        with tarfile.open(fileobj=io.BytesIO(_tarball(package))) as archive:
            for inside, name in wanted.items():
                file = archive.extractfile(inside)
                found[name] = file.read() if file else b""
    for name in [name for name in found if name.endswith(".js")]:
        found[name] = found[name].replace(NAMED, PLACED).split(SOURCE_MAP)[0]
    return found


def _tarball(package: str) -> bytes:
    """Return a package as npm publishes it, once its digest is that of the lock file."""
    pinned = json.loads(LOCK.read_bytes())["packages"][f"node_modules/{package}"]
    version, integrity = pinned["version"], pinned["integrity"]
    file = TARBALLS / f"{package.strip('@').replace('/', '-')}-{version}.tgz"
    if not file.exists() or _integrity(file) != integrity:
        file.unlink(missing_ok=True)
        TARBALLS.mkdir(parents=True, exist_ok=True)
        _fetch(package, version, file)
    if _integrity(file) != integrity:
        raise DeployError(f"{file} is not {package} {version} as frontend/package-lock.json has it")
    return file.read_bytes()


def _integrity(file: Path) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()


def _fetch(package: str, version: str, file: Path) -> None:
    try:
        if npm := shutil.which("npm"):
            command = [npm, "pack", f"{package}@{version}", "--pack-destination", str(file.parent)]
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_SECONDS)
            return
        registry = os.environ.get("NPM_CONFIG_REGISTRY", REGISTRY).rstrip("/")
        url = f"{registry}/{package}/-/{package.split('/')[1]}-{version}.tgz"
        # The digest of what comes is checked, whoever sends it.
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            file.write_bytes(response.read())
    except (OSError, subprocess.SubprocessError) as error:
        raise DeployError(f"{package} {version} cannot be fetched from npm ({error})") from error

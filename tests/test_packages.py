"""What is packed for Lambda: all that the code imports, for its platform, and nothing else."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path

import pytest

import deploy
from birdapp.chalicelib.model import parse_prediction
from infra import config
from infra.errors import DeployError
from infra.packages import bundles, wheels, zips

LOCAL_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
PYTHONS = sorted({"3.12", LOCAL_PYTHON})
# Amazon Linux 2023 has glibc 2.34.
LAMBDA_GLIBC_MINOR = 34
ELF_X86_64 = (b"\x7fELF\x02\x01", 62)
# What Lambda's own Python brings, audioop up to 3.12.
MODEL = config.ROOT / "training" / "model"
OF_THE_RUNTIME = {"audioop", "boto3", "botocore"}
# One second of a 1 kHz square wave is sound enough.
RUN_SPECTROGRAM = """
import base64, json, sys
import handler
pcm = base64.b64encode((b"\\x00\\x10" * 11 + b"\\x00\\xf0" * 11) * 1002).decode()
answer = handler.handler({"request_id": "1", "sample_rate": 22050, "pcm": pcm}, None)
print(json.dumps({"shape": answer["shape"], "windows": len(answer["windows"]), "path": sys.path}))
"""
RUN_CLASSIFIER = """
import base64, json, sys
import handler
windows = [{"b64": base64.b64encode(bytes([value]) * 111024).decode()} for value in (0, 9)]
answer = handler.handler({"inputs": {"spectrogram": windows}}, None)["outputs"]
described = handler.handler({"signature_name": "describe", "inputs": {"ask": [""]}}, None)
assert described["outputs"].items() <= answer.items()
print(json.dumps({"answer": answer, "path": sys.path}))
"""


def shipped_model():
    return {name: (MODEL / name).read_bytes() for name in ("model.tflite", "constants.json")}


BUILDS = {
    "spectrogram": bundles.build_spectrogram,
    "classifier": lambda python: bundles.build_classifier(python, shipped_model()),
}
HOLDS = {
    "spectrogram": {"handler.py", "spectrogram.py", "numpy", "numpy.libs", "scipy", "scipy.libs"},
    "classifier": {
        *("handler.py", "classifier.py", "model"),
        *("numpy", "numpy.libs", "ai_edge_litert"),
    },
}


@pytest.fixture(scope="session", params=product(BUILDS, PYTHONS), ids="-".join)
def function(request):
    """(name, Python, package) of each function for each Python."""
    name, python = request.param
    return name, python, BUILDS[name](python)


@pytest.fixture(scope="session")
def ffmpeg_layer():
    """The main Lambda's layer."""
    return bundles.build_layer(config.load("dev").python)


def names(package):
    """The names of a package's files."""
    with zipfile.ZipFile(package.path) as archive:
        return archive.namelist()


def unpack(package, folder):
    """Unpack as Lambda does: with the modes that the zip says."""
    with zipfile.ZipFile(package.path) as archive:
        for info in archive.infolist():
            Path(archive.extract(info, folder)).chmod(info.external_attr >> 16 & 0o777)
    return folder


def run_alone(package, folder, code):
    """Run code in the unpacked zip; what it prints. Only the standard library is there beside it.

    -I and -S: no PYTHONPATH, no site-packages.
    """
    code = f"import sys; sys.path.insert(0, {str(unpack(package, folder))!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert not [path for path in answer["path"] if "site-packages" in path]
    return answer


def test_spectrogram_handler_runs_from_its_unpacked_zip_alone(tmp_path):
    package = bundles.build_spectrogram(LOCAL_PYTHON)
    answer = run_alone(package, tmp_path, RUN_SPECTROGRAM)
    assert (answer["shape"], answer["windows"]) == ([216, 514], 1)


def test_classifier_runs_from_its_unpacked_zip_alone(tmp_path):
    package = bundles.build_classifier(LOCAL_PYTHON, shipped_model())
    outputs = run_alone(package, tmp_path, RUN_CLASSIFIER)["answer"]
    assert len(parse_prediction(outputs, 2).probabilities) == 2


def test_a_zip_holds_its_code_and_libraries_and_nothing_else(function):
    name, _, package = function
    assert {file.split("/")[0].split("-")[0] for file in names(package)} == HOLDS[name]


def test_the_classifier_takes_of_litert_what_it_needs(function):
    name, _, package = function
    of_litert = {file for file in names(package) if file.startswith("ai_edge_litert/")}
    assert of_litert == (bundles.LITERT if name == "classifier" else set())
    assert name != "classifier" or package.unpacked_bytes < 80_000_000


def test_compiled_modules_are_for_lambdas_machine_and_python(function):
    _, python, package = function
    files = zips.read(package.path)
    compiled = {name: data for name, data in files.items() if name.endswith(".so")}
    assert {(data[:6], data[18]) for data in compiled.values()} == {ELF_X86_64}
    tags = {name.split(".")[-2] for name in compiled if ".cpython-" in name}
    assert tags == {f"cpython-{python.replace('.', '')}-x86_64-linux-gnu"}


def test_wheels_need_no_newer_glibc_than_lambda_has(function):
    name, python, _ = function
    requirements = config.ROOT / f"{name}_fn" / "requirements.txt"
    found = wheels.download([requirements], python, config.PACKAGES)
    compiled = [wheel for wheel in found if not wheel.stem.endswith("-any")]
    assert len(compiled) > 1
    for wheel in compiled:
        tags = [tag for tag in wheel.stem.split("-")[-1].split(".") if tag.startswith("manylinux_")]
        # abi3 wheels of protobuf name old ones by year; none of it is in the zip.
        assert min((int(tag.split("_")[2]) for tag in tags), default=0) <= LAMBDA_GLIBC_MINOR


def test_layer_holds_ffmpeg_and_pydub_and_nothing_else(ffmpeg_layer):
    tops = {"/".join(name.split("/")[:2]).split("-")[0] for name in names(ffmpeg_layer)}
    assert tops == {"bin/ffmpeg", "python/pydub"}


def test_lambda_gets_the_ffmpeg_that_runs_here():
    pinned = (config.BIRDAPP / "requirements-layer.in").read_text().splitlines()[-1]
    assert pinned in (config.ROOT / "requirements-run.in").read_text().splitlines()


def test_layers_ffmpeg_runs(ffmpeg_layer, tmp_path):
    ffmpeg = unpack(ffmpeg_layer, tmp_path) / bundles.FFMPEG
    done = subprocess.run(
        [ffmpeg, "-hide_banner", "-version"], env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("ffmpeg version")


@pytest.fixture(scope="session")
def application():
    """The main Lambda's package and layer."""
    return bundles.build_application(config.load("dev"))


def test_main_lambdas_zip_holds_its_code_and_nothing_else(application):
    found = names(application.code)
    assert {name.split("/")[0] for name in found} == {"app.py", "chalice", "chalicelib"}
    assert {name for name in found if name.startswith("chalice/")} == {
        "chalice/__init__.py",
        "chalice/app.py",
    }
    kept = {path.name for path in (config.BIRDAPP / "chalicelib").glob("*.py")}
    assert {name.split("/")[1] for name in found if name.startswith("chalicelib/")} == kept


def test_all_that_the_main_lambda_imports_is_in_its_zip_its_layer_or_the_runtime(application):
    inside = {name.split("/")[0].removesuffix(".py") for name in names(application.code)}
    inside |= {
        name.split("/")[1] for name in names(application.layer) if name.startswith("python/")
    }
    trees = [
        ast.parse(data)
        for name, data in zips.read(application.code.path).items()
        if name.endswith(".py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {
        node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level
    }
    tops = {name.split(".")[0] for name in imported}
    assert tops - set(sys.stdlib_module_names) - inside <= OF_THE_RUNTIME
    assert "pydub" in inside


def test_main_lambda_and_layer_stay_under_lambdas_limit_together(application):
    together = application.code.unpacked_bytes + application.layer.unpacked_bytes
    print(f"main Lambda and layer: {together:,} of {zips.UNPACKED_LIMIT_BYTES:,} bytes")
    assert together < zips.UNPACKED_LIMIT_BYTES


def test_packages_hold_no_tests_and_no_caches(function, ffmpeg_layer):
    found = [*names(function[2]), *names(ffmpeg_layer)]
    left = [name for name in found if not wheels.is_shipped(name)]
    assert left == []


def test_unpacked_packages_stay_under_lambdas_limit(function, ffmpeg_layer):
    for package in (function[2], ffmpeg_layer):
        name, limit = package.path.name, zips.UNPACKED_LIMIT_BYTES
        print(f"{name}: {package.unpacked_bytes:,} of {limit:,} bytes")
        assert package.unpacked_bytes == sum(map(len, zips.read(package.path).values()))
        assert package.unpacked_bytes < zips.UNPACKED_LIMIT_BYTES


def test_same_files_make_the_same_zip_at_another_time(tmp_path):
    files = {"b.py": b"2", "a/run": b"1"}
    first = zips.pack(tmp_path / "1", "code", files, frozenset({"a/run"}))
    os.utime(first.path, (0, 0))
    second = zips.pack(tmp_path / "2", "code", dict(reversed(files.items())), frozenset({"a/run"}))
    assert (first.key, first.path.read_bytes()) == (second.key, second.path.read_bytes())


@pytest.mark.parametrize("changed", [{"a": b"2"}, {"b": b"1"}, {"a": b"1", "b": b""}])
def test_other_files_make_a_zip_of_another_name(tmp_path, changed):
    assert zips.pack(tmp_path, "code", {"a": b"1"}).key != zips.pack(tmp_path, "code", changed).key


def test_a_mode_belongs_to_the_content(tmp_path):
    plain, runnable = (
        zips.pack(tmp_path, "x", {"a": b""}),
        zips.pack(tmp_path, "x", {"a": b""}, frozenset({"a"})),
    )
    assert plain.key != runnable.key


def test_a_requirement_without_a_wheel_is_one_sentence(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("numpy==0.0.1\n")
    with pytest.raises(
        wheels.DeployError, match=r"no wheels of .* for Python 3\.12: .*numpy==0\.0\.1"
    ):
        wheels.download([requirements], "3.12", tmp_path)


def test_an_app_that_cannot_be_imported_is_one_sentence(tmp_path):
    bundles.copy_project(tmp_path / "birdapp")
    (tmp_path / "birdapp" / "app.py").write_text("import no_such_module\n")
    with pytest.raises(DeployError, match=r"^chalice package failed: ModuleNotFoundError: .*\w'$"):
        bundles.run_chalice(tmp_path / "birdapp", ["package", str(tmp_path / "out")], "eu-west-1")


@pytest.mark.parametrize("python", ["3.13", "3.14", "3"])
def test_a_python_that_the_layer_cannot_serve_is_refused_in_one_sentence(python, capsys):
    assert deploy.main(["--dry-run", "--python", python]) == 1
    assert f"python is '{python}', which lacks audioop" in capsys.readouterr().err

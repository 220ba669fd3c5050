"""AWS on loopback in real processes: ministack, moto's server, and run_local's endpoint."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from infra import config
from infra.packages import bundles, zips
from local import venv

REPOSITORY = Path(__file__).parent.parent
VENV = REPOSITORY / "build" / "stack-venv"
REQUIREMENTS = REPOSITORY / "requirements-stack.txt"
LOOPBACK = "127.0.0.1"
# moto's account. ministack takes a key of twelve digits as the account, this one without a key.
ACCOUNT = "123456789012"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
OF_MINISTACK = (
    "API_GATEWAY",
    "BUDGETS",
    "CLOUDFORMATION",
    "CLOUDFRONT",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "IAM",
    "LAMBDA",
    "S3",
    "SNS",
    "STS",
)
OF_MOTO = ("APPLICATION_AUTO_SCALING", "SAGEMAKER")
# A POST there empties an emulator.
RESETS = {"LAMBDA": "/_ministack/reset", "SAGEMAKER": "/moto-api/reset"}
START_SECONDS = 120


@contextmanager
def running(folder, model):
    """Start all, with the endpoint on the folder `model`; yields the environment to get there."""
    with serving(model) as endpoint, emulators(folder, endpoint) as environment:
        yield environment


@contextmanager
def emulators(folder, endpoint):
    """Start ministack and moto's server; `endpoint` is the URL that plays SageMaker's runtime."""
    moto = [sys.executable, "-m", "moto.server", "-H", LOOPBACK]
    with (
        emulating(folder, endpoint) as ministack,
        process(moto, "-p", folder=folder) as other,
    ):
        urls = dict.fromkeys(OF_MINISTACK, ministack) | dict.fromkeys(OF_MOTO, other)
        yield addresses(urls | {"SAGEMAKER_RUNTIME": endpoint})


def addresses(urls):
    """Return the environment that leads boto3 to these URLs, by the service's name."""
    return clean() | {f"AWS_ENDPOINT_URL_{name}": url for name, url in urls.items()}


def lead(patch, variables):
    """Let boto3 in this process go there, and nowhere else."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name in [name for name in variables if name.startswith("AWS_")]:
        patch.setenv(name, variables[name])


def reset(variables):
    """Empty both emulators."""
    for name, path in RESETS.items():
        url = variables[f"AWS_ENDPOINT_URL_{name}"] + path
        urlopen(Request(url, method="POST")).close()


def clean():
    """This process's environment without its AWS settings, with keys that the emulators take."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | CREDENTIALS


@contextmanager
def emulating(folder, endpoint):
    """Run ministack, whose Lambdas find ffmpeg on the PATH as under /opt/bin, and the endpoint."""
    venv.ensure(VENV, REQUIREMENTS)
    ffmpeg = folder / "opt" / bundles.FFMPEG
    ffmpeg.parent.mkdir(parents=True)
    ffmpeg.write_bytes(
        zips.read(bundles.build_layer(config.load("dev").python).path)[bundles.FFMPEG]
    )
    ffmpeg.chmod(zips.RUNNABLE)
    settings = clean() | {
        "PATH": f"{ffmpeg.parent}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint,
        "BIND_HOST": LOOPBACK,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "TMPDIR": str(folder),
    }
    command = [VENV / "bin" / "python", REPOSITORY / "tests" / "stack_ministack.py"]
    with process(command, "GATEWAY_PORT", folder=folder, settings=settings) as url:
        yield url


@contextmanager
def serving(model):
    """Run run_local's endpoint on a model folder."""
    listener = socket.create_server((LOOPBACK, 0))
    settings = clean() | {"MODEL_DIR": str(model), "ENDPOINT_NAME": "bird-classifier"}
    command = [sys.executable, "-m", "local.sagemaker_runtime", str(listener.fileno())]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, cwd=REPOSITORY, env=settings, pass_fds=[listener.fileno()]
    ) as child:
        port = listener.getsockname()[1]
        listener.close()
        try:
            yield f"http://{LOOPBACK}:{port}"
        finally:
            child.terminate()


@contextmanager
def process(command, port_setting, *, folder, settings=None):
    """Run a server on a free port, in an option ("-p") or a variable; yields its URL."""
    port = free_port()
    option = [port_setting, str(port)] if port_setting.startswith("-") else []
    variable = {} if option else {port_setting: str(port)}
    with (folder / f"{Path(command[-1]).name}-{port}.log").open("w") as log:
        child = subprocess.Popen(
            [*command, *option],
            env=(settings or clean()) | variable,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_for(f"http://{LOOPBACK}:{port}", child)
            yield f"http://{LOOPBACK}:{port}"
        finally:
            # With all that it started: Lambdas are processes too, and none has anything to save.
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def wait_for(url, child):
    """Return when the server answers anything at all."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and child.poll() is None:
        try:
            urlopen(Request(url), timeout=5).close()
            return
        except URLError as error:
            if getattr(error, "code", None):
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} did not start; its log is in the test's folder")


def free_port():
    """A port that is free now."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        return listener.getsockname()[1]

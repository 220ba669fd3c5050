"""AWS on loopback in real processes: ministack, moto's server, and run_local's endpoint; only the URLs say so."""

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

import stack_s3

from infra.packages import layer, zips
from local import venv

REPOSITORY = Path(__file__).parent.parent
VENV = REPOSITORY / "build" / "stack-venv"
REQUIREMENTS = REPOSITORY / "requirements-stack.txt"
LOOPBACK = "127.0.0.1"
# moto's account. ministack takes a key of twelve digits as the account, and this one where there is no key.
ACCOUNT = "123456789012"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"}
OF_MINISTACK = ("API_GATEWAY", "BUDGETS", "CLOUDFORMATION", "IAM", "LAMBDA", "STS")
OF_MOTO = (
    "APPLICATION_AUTO_SCALING",
    "CLOUDFRONT",
    "CLOUDWATCH",
    "CLOUDWATCH_LOGS",
    "SAGEMAKER",
    "SNS",
)
# A POST there empties an emulator.
RESETS = {"LAMBDA": "/_ministack/reset", "SAGEMAKER": "/moto-api/reset"}
START_SECONDS = 120


@contextmanager
def running(folder, model):
    """Start all, the endpoint too, which serves the folder `model`; yields the environment that leads boto3 to them."""
    with serving(model) as endpoint, emulators(folder, endpoint) as environment:
        yield environment


@contextmanager
def emulators(folder, endpoint):
    """Start ministack and moto's server; `endpoint` is the URL that plays SageMaker's runtime."""
    moto = [sys.executable, "-m", "moto.server", "-H", LOOPBACK]
    with (
        emulating(folder, endpoint) as ministack,
        process(moto, "-p", folder=folder) as other,
        stack_s3.divided(ministack, other, is_site_bucket) as s3,
    ):
        urls = dict.fromkeys(OF_MINISTACK, ministack) | dict.fromkeys(OF_MOTO, other)
        urls |= {"S3": s3, "SAGEMAKER_RUNTIME": endpoint}
        yield clean() | {f"AWS_ENDPOINT_URL_{name}": url for name, url in urls.items()}


def is_site_bucket(name):
    """Tell the site's bucket, which moto plays, from the code's, which ministack's Lambda must read."""
    return "-site-" in name


def clean():
    """This process's environment without its AWS settings, but with keys that the emulators take."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | CREDENTIALS


@contextmanager
def emulating(folder, endpoint):
    """Run ministack, whose Lambdas find ffmpeg on the PATH as under /opt/bin, and the endpoint where it really is."""
    venv.ensure(VENV, REQUIREMENTS)
    ffmpeg = folder / "opt" / layer.FFMPEG
    ffmpeg.parent.mkdir(parents=True)
    ffmpeg.write_bytes(zips.read(layer.build().path)[layer.FFMPEG])
    ffmpeg.chmod(zips.RUNNABLE)
    settings = clean() | {
        "PATH": f"{ffmpeg.parent}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint,
        "BIND_HOST": LOOPBACK,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "TMPDIR": str(folder),
    }
    with process(
        [VENV / "bin" / "ministack"], "GATEWAY_PORT", folder=folder, settings=settings
    ) as url:
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
    """Run a server on a free port, given as an option ("-p") or a variable, until the block ends; yields its URL."""
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
            # With all that it started: Lambdas are processes of their own, and none has anything to save.
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

"""The page becomes a site: digests, types, headers, two ways of hosting; only changes go up."""

import ast
import gzip
import hashlib
import json
import re
import subprocess
import sys
import threading
import urllib.parse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import aws_gaps
import boto3
import packaged
import pytest
import stack_aws
from botocore.exceptions import ClientError
from page_browser import identify, recording, wait_for

from infra import config, session
from infra.errors import DeployError
from infra.site import assets, headers, listen, publish
from infra.stacks.site import CLOUDFRONT, MODES, WEBSITE

pytest_plugins = ["page_fixtures"]

API = "https://abc.execute-api.eu-west-1.amazonaws.com/dev"
FILES = {
    "index.html": b'<meta charset="utf-8"><link rel="stylesheet" href="style.css">'
    b'<script type="module" src="main.js">',
    "style.css": b"body { background: url(icon.svg) }",
    "icon.svg": b"<svg/>",
    "sw.js": b'const FILES = [\n  "./", "style.css", "lang/en.json",\n'
    b'  ...files("core", "a b"),\n];',
    "main.js": b'import { a } from "./core/a.js"; new Worker("worker.js"); '
    b'fetch(`lang/${it}.json`); keep("sw.js");',
    "worker.js": b'import { b } from "./core/b.js";',
    "core/a.js": b'import { b } from "./b.js"; import { apiBase } from "../config.js";',
    "core/b.js": b'import { a } from "./a.js";',
    "lang/en.json": b"{}",
    "package.json": b"{}",
    "README.md": b"",
    "publish.py": b"",
    "types.d.ts": b"",
    "node_modules/x/x.js": b"",
}


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def plain(name):
    """Take the digest out of a name."""
    return re.sub(r"-[0-9a-f]{10}(?=\.)", "", name)


def names(folder, api_base=API):
    """{name as written: name as published}"""
    return {plain(asset.name): asset.name for asset in assets.make_assets(api_base, folder)}


def test_only_the_pages_own_files_are_published(tmp_path):
    expected = {
        name for name in FILES if name.endswith((".html", ".css", ".js", ".svg", "en.json"))
    } | {"config.js"}
    assert set(names(write(tmp_path, FILES))) == expected - {"node_modules/x/x.js"}


def test_what_a_browser_knows_by_address_or_names_while_it_runs_keeps_its_name(tmp_path):
    kept = {name for name, published in names(write(tmp_path, FILES)).items() if name == published}
    assert kept == {"index.html", "sw.js", "lang/en.json"}


def test_every_reference_leads_to_a_published_file(tmp_path):
    made = {
        asset.name: asset.content.decode()
        for asset in assets.make_assets(API, write(tmp_path, FILES))
    }
    found = {
        name: re.findall(r"""["'(]([\w./-]+\.(?:js|css|svg))["')]""", text)
        for name, text in made.items()
    }
    assert sum(map(len, found.values())) == 17
    for name, references in found.items():
        for reference in references:
            base = name if reference.startswith(".") else "index.html"
            assert urllib.parse.urljoin(f"/{base}", reference).lstrip("/") in made, (
                name,
                reference,
            )


@pytest.mark.parametrize(
    ("changed", "renamed"),
    [
        ("style.css", {"style.css"}),
        ("icon.svg", {"icon.svg", "style.css"}),
        ("worker.js", {"worker.js", "main.js"}),
        ("core/b.js", {"core/a.js", "core/b.js", "worker.js", "main.js"}),
        ("lang/en.json", set()),
    ],
)
def test_a_change_renames_the_file_and_all_that_load_it_and_no_other(tmp_path, changed, renamed):
    before = names(write(tmp_path, FILES))
    after = names(write(tmp_path, {changed: FILES[changed] + b" "}))
    assert {name for name in before if before[name] != after[name]} == renamed


def test_another_api_renames_config_js_and_what_imports_it(tmp_path):
    write(tmp_path, FILES)
    before, after = names(tmp_path), names(tmp_path, "https://other.example/prod")
    assert {name for name in before if before[name] != after[name]} >= {
        "config.js",
        "core/a.js",
        "main.js",
    }


def test_the_service_worker_keeps_every_file_under_its_published_name(tmp_path):
    made = {
        asset.name: asset.content.decode()
        for asset in assets.make_assets(API, write(tmp_path, FILES))
    }
    kept = json.loads(re.search(r"const FILES = (.*);", made["sw.js"])[1])
    assert set(kept) == set(made) - {"sw.js", "index.html"} | {"./"}


def test_a_song_to_try_is_published_and_not_stored_in_advance(tmp_path):
    files = FILES | {"samples/a.mp3": b"song", "main.js": b'load("samples/a.mp3")'}
    made = {asset.name: asset for asset in assets.make_assets(API, write(tmp_path, files))}
    (song,) = [name for name in made if name.startswith("samples/a-")]
    assert made[song].content_type == "audio/mpeg"
    assert song.encode() in made[next(name for name in made if name.startswith("main"))].content
    assert song.encode() not in made["sw.js"].content


def test_a_service_worker_without_its_list_is_refused(tmp_path):
    with pytest.raises(DeployError, match=r"sw\.js must name the files it keeps once"):
        assets.make_assets(API, write(tmp_path, FILES | {"sw.js": b"const files = [];"}))


def test_names_with_digests_come_first_and_the_index_last(tmp_path):
    made = assets.make_assets(API, write(tmp_path, FILES))
    fixed = [asset.cache_control == headers.ASK_AGAIN for asset in made]
    assert fixed == sorted(fixed)
    assert made[-1].name == "index.html"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.js", "text/javascript"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.svg", "image/svg+xml"),
    ],
)
def test_types_are_those_that_browsers_take(name, kind):
    assert headers.content_type(name).startswith(kind)


def test_the_policy_allows_the_api_and_no_inline_code():
    policy = dict(rule.split(" ", 1) for rule in headers.content_security_policy(API).split("; "))
    assert policy["connect-src"] == "'self' https://abc.execute-api.eu-west-1.amazonaws.com"
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in "".join(policy.values())


SETTINGS = config.load("dev")
BUCKET = f"birdapp-dev-site-{stack_aws.ACCOUNT}-eu-west-1"


@pytest.fixture(scope="module")
def made(emulated):
    """(the account, CloudFront's client, Lightning, the emulators), made once."""
    account = session.connect("eu-west-1", poll_seconds=0.01)
    lightning = aws_gaps.Lightning(account.s3, account.cloudformation)
    return account, boto3.client("cloudfront", "eu-west-1"), lightning, emulated


@pytest.fixture
def aws(made, tmp_path, monkeypatch):
    """(the account, CloudFront's client), empty; the page is FILES in tmp_path."""
    made[2].aim(0, late=False)
    stack_aws.reset(made[3])
    monkeypatch.setattr(assets.make_assets, "__defaults__", (write(tmp_path, FILES),))
    monkeypatch.setattr(publish, "listen_files", dict)
    return made[:2]


def publish_to(account, mode, api=API):
    return publish.publish(account, SETTINGS, api, mode)


def outcomes(changes):
    return {change.outcome for change in changes}


def lying(s3):
    return {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


@pytest.mark.parametrize("mode", MODES)
def test_a_site_is_made_once_and_taken_away(aws, mode):
    account, cloudfront = aws
    assert outcomes(publish_to(account, mode)) == {"created"}
    assert outcomes(publish_to(account, mode)) == {"unchanged"}
    publish.destroy(account, SETTINGS)
    assert publish.destroy(account, SETTINGS).outcome == "absent"
    assert account.s3.list_buckets()["Buckets"] == []
    assert cloudfront.list_distributions()["DistributionList"].get("Items", []) == []


def test_files_carry_their_type_and_keeping_time(aws):
    s3 = aws[0].s3
    publish_to(aws[0], WEBSITE)
    by_name = {plain(name): s3.head_object(Bucket=BUCKET, Key=name) for name in lying(s3)}
    told = {name: (head["ContentType"], head["CacheControl"]) for name, head in by_name.items()}
    assert told["main.js"] == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert told["index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert told["sw.js"] == ("text/javascript; charset=utf-8", "no-cache")


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("model/browser.tflite", "gzip"), ("litert/a.wasm", "gzip"), ("where/unusual.bin", None)],
)
def test_what_s3_would_send_in_full_lies_there_compressed(aws, name, encoding):
    s3, content = aws[0].s3, b"network" * 999
    publish_to(aws[0], WEBSITE)
    asset = assets.Asset(name, content, headers.content_type(name), headers.ASK_AGAIN)
    publish.upload(s3, BUCKET, asset)
    found = s3.get_object(Bucket=BUCKET, Key=name)
    body = found["Body"].read()
    assert found.get("ContentEncoding") == encoding
    assert (gzip.decompress(body) if encoding else body) == content
    assert len(body) < len(content) / 10 or not encoding
    assert publish.is_same(s3, BUCKET, asset, {name})


def test_only_what_changed_is_uploaded_and_what_is_gone_is_deleted(aws, tmp_path):
    publish_to(aws[0], WEBSITE)
    write(tmp_path, {"lang/en.json": b'{"a": 1}', "lang/it.json": b"{}"})
    (tmp_path / "worker.js").unlink()
    files = {
        (plain(change.resource), change.outcome)
        for change in publish_to(aws[0], WEBSITE)
        if change.resource.startswith("file ")
    }
    uploaded = {name for name, outcome in files if outcome == "created"}
    # main.js names the worker, index.html names main.js, sw.js names all.
    assert uploaded == {
        f"file {name}"
        for name in ("lang/en.json", "lang/it.json", "main.js", "sw.js", "index.html")
    }
    assert {name for name, outcome in files if outcome == "deleted"} == {
        "file worker.js",
        "file main.js",
    }
    assert lying(aws[0].s3) == {asset.name for asset in assets.make_assets(API, tmp_path)}


def test_the_website_is_public_and_shows_the_index(aws):
    s3 = aws[0].s3
    published = publish_to(aws[0], WEBSITE)
    assert published[0].outputs["Address"] == f"http://{BUCKET}.s3-website-eu-west-1.amazonaws.com"
    assert s3.get_bucket_website(Bucket=BUCKET)["IndexDocument"] == {"Suffix": "index.html"}
    policy = json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
            "Principal": "*",
        }
    ]
    index = s3.get_object(Bucket=BUCKET, Key="index.html")["Body"].read().decode()
    assert 'http-equiv="Content-Security-Policy"' in index


def test_behind_cloudfront_the_bucket_is_private_and_only_the_distribution_reads_it(aws):
    account, cloudfront = aws
    published = publish_to(account, CLOUDFRONT)
    (distribution,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert published[0].outputs["Address"] == f"https://{distribution['DomainName']}"
    statement, _ = json.loads(account.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": distribution["ARN"]}}
    blocked = account.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    behaviour = distribution["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"


def sent_policy(cloudfront, name=BUCKET):
    """(the id, the Content-Security-Policy) of a response headers policy of our own."""
    listed = cloudfront.list_response_headers_policies(Type="custom")
    made = next(
        item["ResponseHeadersPolicy"]
        for item in listed["ResponseHeadersPolicyList"]["Items"]
        if item["ResponseHeadersPolicy"]["ResponseHeadersPolicyConfig"]["Name"] == name
    )
    security = made["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    return made["Id"], security["ContentSecurityPolicy"]["ContentSecurityPolicy"]


def test_cloudfront_sends_the_policy_of_the_api_that_is_asked_now(aws):
    account, cloudfront = aws
    before = publish_to(account, CLOUDFRONT)
    policy, _ = sent_policy(cloudfront)
    moved = publish_to(account, CLOUDFRONT, "https://other.example/prod")
    assert moved[0].outcome == "updated"
    assert moved[0].outputs == before[0].outputs
    (distribution,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    assert distribution["DefaultCacheBehavior"]["ResponseHeadersPolicyId"] == policy
    assert sent_policy(cloudfront)[0] == policy
    assert "connect-src 'self' https://other.example;" in sent_policy(cloudfront)[1]


def test_only_the_worker_that_listens_may_compile_webassembly(aws):
    account, cloudfront = aws
    publish_to(account, CLOUDFRONT)
    (distribution,) = cloudfront.list_distributions()["DistributionList"]["Items"]
    (behaviour,) = distribution["CacheBehaviors"]["Items"]
    worker, policy = sent_policy(cloudfront, f"{BUCKET}-listen")
    assert behaviour["PathPattern"] == "listen-worker*"
    assert behaviour["ResponseHeadersPolicyId"] == worker
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe" not in sent_policy(cloudfront)[1]


MODEL = {"browser.tflite": b"network", "constants.json": b'{"labels": []}'}


def test_listen_is_published_where_the_model_has_a_file_for_the_browser(tmp_path, monkeypatch):
    monkeypatch.setattr(listen, "library_files", lambda: {"litert/index.js": b"export {}"})
    files = listen.listen_files(write(tmp_path / "model", MODEL))
    made = assets.make_assets(API, write(tmp_path / "page", LISTENING), listen=files)
    by_name = {plain(asset.name): asset for asset in made}
    network, library = by_name["model/browser.tflite"], by_name["litert/index.js"]
    assert network.content_type == "application/octet-stream"
    assert network.cache_control == headers.FOR_EVER
    assert network.name.encode() in by_name["core/listen-files.js"].content
    assert library.name.encode() in by_name["core/listen-files.js"].content
    assert b"canListen = true" in by_name["config.js"].content
    assert b"tflite" not in by_name["sw.js"].content
    constants = json.loads(by_name["model/constants.json"].content)
    assert constants == {"labels": [], "browser_sha256": hashlib.sha256(b"network").hexdigest()}


LISTENING = FILES | {
    "core/listen-files.js": b'at("../litert/index.js"); at("../model/browser.tflite"); '
    b'at("../model/constants.json")'
}


@pytest.mark.parametrize("missing", sorted(MODEL))
def test_without_a_model_for_the_browser_the_site_is_published_without_listen(tmp_path, missing):
    some = {name: content for name, content in MODEL.items() if name != missing}
    files = listen.listen_files(write(tmp_path / "model", some))
    made = assets.make_assets(API, write(tmp_path / "page", FILES), listen=files)
    by_name = {plain(asset.name): asset for asset in made}
    assert files == {}
    assert b"canListen = false" in by_name["config.js"].content


def test_a_browser_s_file_of_an_older_model_counts_as_none(tmp_path):
    older = MODEL | {"constants.json": b'{"labels": [], "browser_sha256": "0"}'}
    assert listen.listen_files(write(tmp_path, older)) == {}


def test_a_package_of_npm_is_refused_unless_its_digest_is_that_of_the_lock_file(
    tmp_path, monkeypatch
):
    """It is fetched anew once."""
    monkeypatch.setattr(listen, "TARBALLS", tmp_path)
    monkeypatch.setattr(listen.shutil, "which", lambda _: None)
    (tmp_path / "registry/@litertjs/core/-").mkdir(parents=True)
    (tmp_path / "registry/@litertjs/core/-/core-2.5.3.tgz").write_bytes(b"another")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", (tmp_path / "registry").as_uri())
    with pytest.raises(DeployError, match=r"core-2\.5\.3\.tgz is not @litertjs/core 2\.5\.3"):
        listen.library_files()


def test_where_npm_cannot_be_reached_a_sentence_names_the_package(tmp_path, monkeypatch):
    monkeypatch.setattr(listen, "TARBALLS", tmp_path)
    monkeypatch.setattr(listen.shutil, "which", lambda _: None)
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", (tmp_path / "nothing").as_uri())
    with pytest.raises(DeployError, match=r"@litertjs/core 2\.5\.3 cannot be fetched from npm"):
        listen.library_files()


def test_the_library_names_no_package_and_no_map():
    files = listen.library_files()
    assert sorted(files) == [
        "litert/index.js",
        "litert/litert_wasm_compat_internal.js",
        "litert/litert_wasm_compat_internal.wasm",
        "litert/wasm-utils.js",
    ]
    assert b'from "./wasm-utils.js"' in files["litert/index.js"]
    assert not [name for name, content in files.items() if b"sourceMappingURL" in content]


def test_cloudfront_signs_what_it_asks_the_bucket():
    """ministack forgets the access control of an origin: the template is asked."""
    stack = packaged.site(CLOUDFRONT)
    control = packaged.only(stack, "AWS::CloudFront::OriginAccessControl")
    assert control["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    distribution = packaged.only(stack, "AWS::CloudFront::Distribution")["DistributionConfig"]
    (origin,) = distribution["Origins"]
    assert origin["OriginAccessControlId"] == {"Ref": "AccessControl"}
    assert distribution["PriceClass"] == "PriceClass_100"


def test_a_public_website_can_become_a_private_site(aws):
    account, _ = aws
    publish_to(account, WEBSITE)
    publish_to(account, CLOUDFRONT)
    with pytest.raises(ClientError, match="NoSuchWebsiteConfiguration"):
        account.s3.get_bucket_website(Bucket=BUCKET)
    assert outcomes(publish_to(account, CLOUDFRONT)) == {"unchanged"}


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_after_a_failure_at_any_call_the_next_run_goes_on(made, aws, tmp_path, monkeypatch, late):
    """Behind CloudFront it is test_deploy_faults.py that walks."""
    few = {name: FILES[name] for name in ("index.html", "style.css", "sw.js")}
    monkeypatch.setattr(assets.make_assets, "__defaults__", (write(tmp_path / "few", few),))
    lightning = made[2]
    lightning.aim_at_each(late)
    while lightning.strikes(lambda: publish_to(aws[0], WEBSITE)):
        assert len(lightning.struck) < 100
    # The stack, four files.
    assert len(lightning.struck) >= (5 if late else 8)
    assert outcomes(publish_to(aws[0], WEBSITE)) == {"unchanged"}


IMPORTED = """
import sys, infra.site.publish
print(sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_publishing_needs_no_package_of_sound_or_science():
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=config.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(ast.literal_eval(done.stdout))
    assert "boto3" in imported
    assert imported & {"scipy", "pydub", "numpy", "chalice", "tensorflow"} == set()


@pytest.mark.parametrize(("stage", "mode"), [("dev", "website"), ("prod", "cloudfront")])
def test_prod_gets_https(stage, mode):
    assert config.load(stage).site_mode == mode


def test_a_site_behind_cloudfront_never_becomes_public_again_unasked(aws):
    account, _ = aws
    publish_to(account, CLOUDFRONT)
    assert outcomes(publish_to(account, "")) == {"unchanged"}
    assert publish_to(account, WEBSITE)[0].outputs["Address"].startswith("http://")


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves assets as S3 and CloudFront would."""

    def __init__(self, *arguments, files, **keywords):
        self.files = files
        super().__init__(*arguments, **keywords)

    def do_GET(self):
        asset = self.files.get(self.path.lstrip("/") or "index.html")
        self.send_response(200 if asset else 404)
        content = asset.content if asset else b""
        for name, value in {
            "Content-Type": asset and asset.content_type,
            "Content-Length": str(len(content)),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def published(listen_parts):
    """The address of the real page as it is published, its policy inside, with Listen."""
    made = assets.make_assets("http://127.0.0.1:9", policy_in_page=True, listen=listen_parts)
    files = {asset.name: asset for asset in made}
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SiteHandler, files=files))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


# A worker that cannot keep its files never gets ready.
WORKER_IS_READY = """Promise.race([
    navigator.serviceWorker.ready.then(() => true),
    new Promise((_, fail) =>
        setTimeout(fail, 120_000, new Error("the service worker does not get ready"))),
])"""


def test_the_published_page_runs_in_a_browser_and_opens_without_a_network(browser, published):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    missing, complaints = [], []
    page.on(
        "response",
        lambda response: missing.append(response.url) if response.status == 404 else None,
    )
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security" in message.text else None
        ),
    )
    page.goto(published)
    page.wait_for_selector('main[data-state="empty"]')
    page.evaluate(WORKER_IS_READY)
    page.set_input_files(
        "input[type=file]", files=[{"name": "a.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}]
    )
    page.wait_for_selector('main:not([data-state="empty"])')
    assert (missing, complaints) == ([], [])
    page.reload()
    page.wait_for_selector("body[data-birds]")
    page.click("#keep-offline")
    wait_for(page, lambda: page.inner_text("#offline-state") == "Ready without a connection.")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-birds]")
    page.check("#on-device")
    assert identify(page, recording(5)) in {"unknown-bird", "unsure", "no-bird", "result"}
    assert "Named on this device" in page.text_content("#answered-by")
    page.context.close()

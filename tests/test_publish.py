"""The page becomes a site: names with digests, types, headers, two ways of hosting; only changes are uploaded."""

import json
import re
import threading
import urllib.parse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import aws_gaps
import boto3
import pytest
from moto import mock_aws

from infra.errors import DeployError
from infra.site import assets, bucket, cloudfront, headers, publish

pytest_plugins = ["page_fixtures"]

API = "https://abc.execute-api.eu-west-1.amazonaws.com/dev"
FILES = {
    "index.html": b'<meta charset="utf-8"><link rel="stylesheet" href="style.css"><script type="module" src="main.js">',
    "style.css": b"body { background: url(icon.svg) }",
    "icon.svg": b"<svg/>",
    "sw.js": b'const FILES = [\n  "./", "style.css", "lang/en.json",\n  ...files("core", "a b"),\n];',
    "main.js": b'import { a } from "./core/a.js"; new Worker("worker.js"); fetch(`lang/${it}.json`); keep("sw.js");',
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


@pytest.fixture(scope="module")
def made():
    """(s3, cloudfront, HeadersPolicies, Lightning), made once."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        s3, cloudfront = (
            boto3.client(name, region_name="eu-west-1") for name in ("s3", "cloudfront")
        )
        policies = aws_gaps.HeadersPolicies().serve(cloudfront)
        yield s3, cloudfront, policies, aws_gaps.Lightning(s3, cloudfront)


@pytest.fixture
def aws(made, tmp_path, monkeypatch):
    """(s3, cloudfront) of an empty account; the page is FILES in tmp_path."""
    made[2].clear()
    made[3].aim(0, late=False)
    monkeypatch.setattr(assets.make_assets, "__defaults__", (write(tmp_path, FILES),))
    with mock_aws():
        yield made[:2]


def a_site(mode):
    return publish.Site("birdapp-dev-site", "eu-west-1", API, mode, poll_seconds=0)


def outcomes(changes):
    return {change.outcome for change in changes}


def lying(s3):
    return {
        item["Key"] for item in s3.list_objects_v2(Bucket="birdapp-dev-site").get("Contents", [])
    }


@pytest.mark.parametrize("mode", publish.MODES)
def test_a_site_is_made_once_and_taken_away(aws, mode):
    assert outcomes(publish.publish(*aws, a_site(mode)).changes) <= {"created", "updated"}
    assert outcomes(publish.publish(*aws, a_site(mode)).changes) == {"unchanged"}
    publish.destroy(*aws, "birdapp-dev-site", poll_seconds=0)
    assert outcomes(publish.destroy(*aws, "birdapp-dev-site", poll_seconds=0)) == {"absent"}
    assert aws[0].list_buckets()["Buckets"] == []
    assert aws[1].list_distributions()["DistributionList"].get("Items", []) == []


def test_files_carry_their_type_and_keeping_time(aws):
    publish.publish(*aws, a_site("website"))
    by_name = {
        plain(name): aws[0].head_object(Bucket="birdapp-dev-site", Key=name)
        for name in lying(aws[0])
    }
    told = {name: (head["ContentType"], head["CacheControl"]) for name, head in by_name.items()}
    assert told["main.js"] == (
        "text/javascript; charset=utf-8",
        "public, max-age=31536000, immutable",
    )
    assert told["index.html"] == ("text/html; charset=utf-8", "no-cache")
    assert told["sw.js"] == ("text/javascript; charset=utf-8", "no-cache")


def test_only_what_changed_is_uploaded_and_what_is_gone_is_deleted(aws, tmp_path):
    publish.publish(*aws, a_site("website"))
    write(tmp_path, {"lang/en.json": b'{"a": 1}', "lang/it.json": b"{}"})
    (tmp_path / "worker.js").unlink()
    changes = publish.publish(*aws, a_site("website")).changes
    files = {
        (plain(change.resource), change.outcome)
        for change in changes
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
    assert lying(aws[0]) == {asset.name for asset in assets.make_assets(API, tmp_path)}


def test_the_website_is_public_and_shows_the_index(aws):
    published = publish.publish(*aws, a_site("website"))
    assert published.url == "http://birdapp-dev-site.s3-website-eu-west-1.amazonaws.com"
    assert aws[0].get_bucket_website(Bucket="birdapp-dev-site")["IndexDocument"] == {
        "Suffix": "index.html"
    }
    policy = json.loads(aws[0].get_bucket_policy(Bucket="birdapp-dev-site")["Policy"])
    assert policy["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::birdapp-dev-site/*",
            "Principal": "*",
        }
    ]
    index = aws[0].get_object(Bucket="birdapp-dev-site", Key="index.html")["Body"].read().decode()
    assert 'http-equiv="Content-Security-Policy"' in index


def test_behind_cloudfront_the_bucket_is_private_and_only_the_distribution_reads_it(aws):
    published = publish.publish(*aws, a_site("cloudfront"))
    (distribution,) = aws[1].list_distributions()["DistributionList"]["Items"]
    assert published.url == f"https://{distribution['DomainName']}"
    (statement,) = json.loads(aws[0].get_bucket_policy(Bucket="birdapp-dev-site")["Policy"])[
        "Statement"
    ]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": distribution["ARN"]}}
    blocked = aws[0].get_public_access_block(Bucket="birdapp-dev-site")[
        "PublicAccessBlockConfiguration"
    ]
    assert set(blocked.values()) == {True}
    behaviour = distribution["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"


def test_cloudfront_sends_the_policy_of_the_api_that_is_asked_now(aws, made):
    publish.publish(*aws, a_site("cloudfront"))
    moved = publish.Site(
        "birdapp-dev-site", "eu-west-1", "https://other.example/prod", "cloudfront", 0
    )
    changes = {change.resource: change.outcome for change in publish.publish(*aws, moved).changes}
    assert changes["response headers policy birdapp-dev-site"] == "updated"
    assert changes["distribution of birdapp-dev-site"] == "unchanged"
    (policy,) = made[2].values()
    sent = policy["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert "connect-src 'self' https://other.example;" in sent


def test_a_public_website_can_become_a_private_site(aws):
    publish.publish(*aws, a_site("website"))
    publish.publish(*aws, a_site("cloudfront"))
    assert bucket.website_index(aws[0], "birdapp-dev-site") is None
    assert outcomes(publish.publish(*aws, a_site("cloudfront")).changes) == {"unchanged"}


def test_a_changed_distribution_is_set_right_and_keeps_what_aws_added(aws):
    publish.publish(*aws, a_site("cloudfront"))
    (found,) = aws[1].list_distributions()["DistributionList"]["Items"]
    assert (
        cloudfront.change_distribution(aws[1], found["Id"], {"PriceClass": "PriceClass_All"})
        == "updated"
    )
    changes = {
        change.resource: change.outcome
        for change in publish.publish(*aws, a_site("cloudfront")).changes
    }
    assert changes["distribution of birdapp-dev-site"] == "updated"
    config = aws[1].get_distribution_config(Id=found["Id"])["DistributionConfig"]
    assert config["PriceClass"] == "PriceClass_100"


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
def test_after_a_failure_at_any_call_the_next_run_goes_on(made, aws, tmp_path, monkeypatch, late):
    """Behind CloudFront it is test_deploy_faults.py that walks."""
    few = {name: FILES[name] for name in ("index.html", "style.css", "sw.js")}
    monkeypatch.setattr(assets.make_assets, "__defaults__", (write(tmp_path / "few", few),))
    lightning = made[3]
    lightning.aim_at_each(late)
    while lightning.strikes(lambda: publish.publish(*aws, a_site("website")).changes):
        assert len(lightning.struck) < 100
    assert len(lightning.struck) > (5 if late else 12)
    assert outcomes(publish.publish(*aws, a_site("website")).changes) == {"unchanged"}


@pytest.mark.parametrize(("stage", "mode"), [("dev", "website"), ("prod", "cloudfront")])
def test_prod_gets_https(stage, mode):
    assert publish.default_mode(stage) == mode


class SiteHandler(SimpleHTTPRequestHandler):
    """Serves assets as S3 and CloudFront would; a request for config.js is turned to the one API that runs."""

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
def published():
    """The address of the real page as it is published, its policy inside."""
    files = {
        asset.name: asset for asset in assets.make_assets("http://127.0.0.1:9", policy_in_page=True)
    }
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SiteHandler, files=files))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


# A worker that cannot keep its files never gets ready.
WORKER_IS_READY = """Promise.race([
    navigator.serviceWorker.ready.then(() => true),
    new Promise((_, fail) => setTimeout(fail, 120_000, new Error("the service worker does not get ready"))),
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
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("main[data-state]")
    page.context.close()

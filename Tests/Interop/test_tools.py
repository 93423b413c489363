"""curl, nghttp and buf against the gateway."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import urllib.parse

import pytest

from running import RECOMMEND, ROOT, tool

MESSAGE = json.dumps({"mood": "calm after the storm", "limit": 3})
VERSIONS = pytest.mark.parametrize("version", ["--http1.1", "--http2-prior-knowledge"])


def curl(*arguments, **options) -> bytes:
    command = ["curl", "-sS", "--fail-with-body", "-m", "30", *arguments]
    return subprocess.run(command, check=True, capture_output=True, **options).stdout


def check(body: bytes):
    assert len(json.loads(body)["recommendations"]) == 3


@VERSIONS
def test_curl_posts_json(system, version):
    check(curl(version, "-H", "Content-Type: application/json", "-d", MESSAGE, system.gateway.url + RECOMMEND))


@VERSIONS
def test_curl_gets(system, version):
    query = urllib.parse.urlencode({"encoding": "json", "message": MESSAGE})
    check(curl(version, f"{system.gateway.url}{RECOMMEND}?{query}"))


@VERSIONS
def test_curl_accepts_gzip(system, version):
    arguments = [version, "-H", "Content-Type: application/json", "-d", MESSAGE, system.gateway.url + RECOMMEND]
    plain = curl(*arguments)
    packed = curl("-H", "Accept-Encoding: gzip", *arguments)
    assert len(packed) < len(plain) and packed[:2] == b"\x1f\x8b"
    check(gzip.decompress(packed))
    check(curl("--compressed", *arguments))


@VERSIONS
def test_curl_sends_gzip(system, version):
    check(
        curl(
            *(version, "--data-binary", "@-", system.gateway.url + RECOMMEND),
            *("-H", "Content-Type: application/json", "-H", "Content-Encoding: gzip"),
            # Without it, what was asked in gzip may be answered in gzip.
            *("-H", "Accept-Encoding: identity"),
            input=gzip.compress(MESSAGE.encode()),
        )
    )


@VERSIONS
def test_curl_watches_events_and_lines(system, version):
    watch = [f"{system.gateway.url}/grpc.health.v1.Health/Watch", "-d", "{}", "-H", "Content-Type: application/json"]
    limit = ["-H", "Connect-Timeout-Ms: 300"]
    events = curl(version, "-N", *watch, *limit, "-H", "Accept: text/event-stream").decode()
    assert events.startswith('event: message\ndata: {"status":"SERVING"}\n\nevent: error\ndata: {"code":"deadline_')
    lines = curl(version, "-N", *watch, *limit, "-H", "Accept: application/x-ndjson").decode().splitlines()
    assert [json.loads(line).popitem()[0] for line in lines] == ["message", "error"]
    with pytest.raises(subprocess.CalledProcessError):
        curl(version, *watch)


@VERSIONS
def test_curl_asks_whether_it_has_the_answer(system, version):
    query = urllib.parse.urlencode({"encoding": "json", "message": MESSAGE})
    url = f"{system.gateway.url}{RECOMMEND}?{query}"
    head, _, body = curl(version, "-i", url).partition(b"\r\n\r\n")
    check(body)
    tag = next(line for line in head.decode().split("\r\n") if line.startswith("etag: "))[6:]
    answer = curl(version, "-w", "%{http_code}", "-H", f"If-None-Match: {tag}", url)
    assert answer == b"304"


def test_curl_uses_a_connection_again(system):
    # HTTP/1.1 alone: before 8.0, curl can't use a cleartext HTTP/2 connection again (curl issue 10634).
    once = ["-o", "/dev/null", f"{system.gateway.url}/livez"]
    answer = curl("--http1.1", "-w", "%{num_connects}\n", *once * 5)
    assert sum(int(line) for line in answer.decode().split()) == 1


@pytest.mark.skipif(shutil.which("nghttp") is None, reason="nghttp is not installed")
def test_nghttp_posts_many_streams_on_one_connection(system, tmp_path):
    (tmp_path / "message.json").write_text(MESSAGE)
    result = subprocess.run(
        ["nghttp", "-v", "-m", "20", "-d", tmp_path / "message.json", "-H", "content-type: application/json"]
        + [system.gateway.url + RECOMMEND],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.count(":status: 200") == 20
    assert "recommendations" in result.stdout


def test_buf_curl_needs_no_files_of_ours(system):
    buf = os.environ.get("BUF") or tool("buf")
    result = subprocess.run(
        [buf, "curl", "--schema", f"{system.gateway.url}/schema.binpb", "-d", MESSAGE]
        + [system.gateway.url + RECOMMEND],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    check(result.stdout.encode())


@pytest.mark.parametrize("version", [[], ["--http2-prior-knowledge"]], ids=["h1", "h2"])
def test_buf_curl_watches(system, version):
    buf = os.environ.get("BUF") or tool("buf")
    schema = f"{system.gateway.url}/schema.binpb"
    watch = f"{system.gateway.url}/grpc.health.v1.Health/Watch"
    command = [buf, "curl", *version, "--schema", schema, "-d", "{}", watch]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        message = ""
        for line in watching.stdout:
            message += line
            if line.rstrip().endswith("}"):
                break
        watching.kill()
        assert message, watching.stderr.read()
    assert json.loads(message) == {"status": "SERVING"}


def test_the_served_schema_is_that_of_the_contracts(system, tmp_path):
    buf = os.environ.get("BUF") or tool("buf")
    (tmp_path / "served.binpb").write_bytes(curl(f"{system.gateway.url}/schema.binpb"))
    result = subprocess.run(
        [buf, "breaking", tmp_path / "served.binpb", "--against", ROOT / "Shared/Contracts/proto"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr

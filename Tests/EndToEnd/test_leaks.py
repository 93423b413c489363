"""No mood, title text or key is found in what the services write: logs, traces, metrics, pages, errors.

Three services run at the most talkative level with marked moods, marked titles and marked keys, through
success, every failure of a provider, garbage, time limits and lost connections. Then all that came out of them
is searched, in plain and in the forms that encoders give a text. A leak that is planted is found.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import http.server
import json
import re
import time
import urllib.parse

import pytest

import catalogs
import openai_server
from loopback import LoopbackHandler, LoopbackServer
from running import System, call, free_port, send
from test_openai import ANNOTATE, EMBED, EXTRACT

GATEWAY = "/netflixgpt.recommendation.v1.RecommendationService"
CATALOG = "/netflixgpt.catalog.v1.CatalogService"
#: Each is a word that stands nowhere else; `é"` and the line break are written otherwise by every encoder.
MOOD = 'Zyxomood é"\nquiet grief of the Qwvendel'
TITLE = 'Zyxotitle é" of Brunnfelk'
PLOT = 'A Zyxoplot é"\nnobody else has written'
KEYS = {
    name: f"zyxokey-{name}-5d81e0c7"
    for name in ("openai", "embedding", "collector", "gateway", "reader", "wrong", "password")
}
MARKERS = ["Zyxomood", "Qwvendel", "Zyxotitle", "Brunnfelk", "Zyxoplot", *KEYS.values()]


class Sink(LoopbackServer):
    """A collector that keeps what it is sent, byte for byte."""

    def __init__(self):
        super().__init__(_SinkHandler)
        self.bodies: list[bytes] = []


class _SinkHandler(LoopbackHandler):
    def do_POST(self):
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200, {})


def forms(marker: str) -> dict[str, re.Pattern]:
    """A marker as it may come out of an encoder, in whatever case."""
    raw = marker.encode()
    found = {
        "plain": marker,
        "hexadecimal": raw.hex(),
        "percent": "".join(f"%{byte:02x}" for byte in raw),
        "reversed": marker[::-1],
    }
    # Base64 of three places in a text; the ends depend on what stands beside.
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
        inner = text[(shift * 8 + 5) // 6 : -1]
        found[f"base64 at {shift}"] = inner
        found[f"base64url at {shift}"] = inner.translate(str.maketrans("+/", "-_"))
    for algorithm in ("sha256", "sha1", "md5"):
        # A digest without a key tells a mood to whoever guesses it.
        found[algorithm] = hashlib.new(algorithm, raw).hexdigest()
    return {
        name: re.compile(re.escape(text.encode()), 0 if "base64" in name else re.IGNORECASE)
        for name, text in found.items()
    }


PATTERNS = {marker: forms(marker) for marker in MARKERS} | {
    f"digest of a whole {name}": {
        "sha256": re.compile(hashlib.sha256(text.encode()).hexdigest().encode(), re.IGNORECASE)
    }
    for name, text in {"mood": MOOD, "title": TITLE, "plot": PLOT}.items()
}


def leaks(evidence: dict[str, bytes]) -> list[str]:
    """Where which marker stands in which form."""
    return [
        f"{source}: {marker} in {form}"
        for source, content in evidence.items()
        for marker, patterns in PATTERNS.items()
        for form, pattern in patterns.items()
        if pattern.search(content)
    ]


@pytest.fixture(scope="module")
def evidence(loaded, tmp_path_factory):
    """All that came out of three services after a busy day."""
    folder = tmp_path_factory.mktemp("leaks")
    sink = Sink()
    errors: list[bytes] = []
    digests = {name: hashlib.sha256(KEYS[name].encode()).hexdigest() for name in ("gateway", "reader")}
    (folder / "keys").write_text("\n".join(f"{name} {digest} read,write,critical" for name, digest in digests.items()))
    ports = [free_port() for _ in range(3)]
    common = {
        "LOG_LEVEL": "trace",
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={KEYS['collector']}",
        "TRACE_SAMPLE_RATIO": "1",
        "API_KEYS_FILE": str(folder / "keys"),
        "DRAIN_DELAY_SECONDS": "0",
    }
    with sink, openai_server.Vendor() as vendor:
        base = {"OPENAI_BASE_URL": f"{vendor.url}/v1"}
        system = System(
            folder,
            common
            | base
            | {"OPENAI_API_KEY": KEYS["openai"], "EMOTION_PROVIDERS": "openai,local", "ADMIN_PORT": str(ports[0])}
            | {"COMPATIBLE_HEADER": f"x-pass: {KEYS['password']}"},
            common | base | {"OPENAI_API_KEY": KEYS["embedding"], "ADMIN_PORT": str(ports[1])},
            common
            | {"SERVICE_API_KEY": KEYS["gateway"], "ADMIN_PORT": str(ports[2])}
            | {"MILVUS_PASSWORD": KEYS["password"]},
        )
        for file in loaded[0].folder.glob("catalog.sqlite*"):
            (folder / file.name).write_bytes(file.read_bytes())
        try:
            for service in system.services:
                service.start()
            live_a_day(system, vendor, errors)
            made = {}
            for service, port in zip(system.services, ports, strict=True):
                for place, path in [(service.port, "/metrics"), (port, "/metrics"), (port, "/debugz/config")]:
                    made[f"{service.name} {path} {place}"] = send(place, "GET", path).body
                for command in ("check-config", "doctor"):
                    result = service.run(command, timeout=60)
                    made[f"{service.name} {command}"] = (result.stdout + result.stderr).encode()
            made["gateway channels"] = send(ports[2], "GET", "/debugz/channels").body
            for service in system.services:
                assert service.terminate() == 0
                made[f"log of {service.name}"] = service.log.read_bytes()
        finally:
            system.stop()
    made["spans"] = b"\n".join(sink.bodies)
    made["errors"] = b"\n".join(errors)
    return made


def live_a_day(system, vendor, errors: list[bytes]):
    """Success and every kind of failure, with marked texts and keys; keeps bodies of errors."""
    key = {"Authorization": f"Bearer {KEYS['reader']}"}
    number = 0

    def ask(port, path, message, headers=key, timeout=30.0, expect=None):
        answer = call(port, path, message, headers, timeout)
        if answer.status != 200:
            errors.append(repr(sorted(answer.headers.items())).encode() + answer.body)
        assert expect is None or answer.status == expect, (answer.status, answer.body)
        return answer

    def mood():
        nonlocal number
        number += 1
        return f"{MOOD} {number}"

    gateway, emotion, embedding = system.gateway.port, system.emotion.port, system.embedding.port
    title = {"id": "zy1", "name": TITLE, "description": PLOT, "genres": ["drama"]}
    for fault in [None, *openai_server.FAULTS, "not json", "refusal", "hang up"]:
        vendor.fault = fault
        ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, expect=200)
        ask(emotion, EXTRACT, {"mood": mood()}, expect=200)
        ask(emotion, ANNOTATE, {"titles": [title]}, timeout=60)
    vendor.fault = None
    ask(embedding, EMBED, {"texts": [MOOD, TITLE]}, expect=200)
    ask(gateway, f"{GATEWAY}/BatchRecommend", {"requests": [{"mood": mood()}, {"mood": mood() * 200}]})
    stored = {"id": "zy2", "name": TITLE, "type": "TITLE_TYPE_MOVIE", "description": PLOT}
    ask(gateway, f"{CATALOG}/UpsertTitles", {"titles": [stored]}, timeout=60)
    # Refused for what they say, in every field that takes a text.
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": MOOD * 100}, expect=400)
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": MOOD + "\0"}, expect=400)
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": MOOD, "filter": {"genresAny": ["Zyxomood"] * 40}}, expect=400)
    ask(gateway, f"{GATEWAY}/GetTitle", {"id": "no such"}, expect=404)
    ask(emotion, ANNOTATE, {"titles": [title, title]}, expect=400)
    ask(emotion, ANNOTATE, {"titles": [title | {"name": TITLE * 100}]}, expect=400)
    ask(embedding, EMBED, {"texts": [MOOD, " "]}, expect=400)
    # Not what the contract says, with the text in it.
    for body in [
        json.dumps({"mood": {"Zyxomood": 1}}),
        '{"mood": "Zyxomood", "Qwvendel": 1}',
        '{"mood": "Zyxomood',
        f"Zyxomood {MOOD}",
        '{"mood": "Zyxomood \\ud800"}',
    ]:
        headers = key | {"Content-Type": "application/json"}
        for port, path in [(gateway, f"{GATEWAY}/Recommend"), (emotion, EXTRACT)]:
            answer = send(port, "POST", path, body.encode(), headers)
            if answer.status != 200:
                errors.append(answer.body)
        headers = key | {"Content-Type": "application/proto"}
        answer = send(gateway, "POST", f"{GATEWAY}/Recommend", body.encode(), headers)
        errors.append(answer.body)
    # In the address, as callers of GET do, and where it doesn't belong.
    message = urllib.parse.quote(json.dumps({"mood": MOOD}))
    for path in [
        f"{GATEWAY}/Recommend?connect=v1&encoding=json&message={message}",
        f"{GATEWAY}/Recommend?connect=v1&encoding=json&base64=1&message="
        + base64.urlsafe_b64encode(json.dumps({"mood": MOOD}).encode()).decode(),
        f"{GATEWAY}/Recommend?connect=v1&encoding=json&message=Zyxomood",
        "/metrics?mood=Zyxomood",
        "/readyz?key=" + KEYS["reader"],
    ]:
        answer = send(gateway, "GET", path, headers=key)
        if answer.status != 200:
            errors.append(answer.body)
    # Keys that are wrong, or in the wrong place, and fields that callers fill.
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, {"Authorization": f"Bearer {KEYS['wrong']}"}, expect=401)
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, {"X-Api-Key": KEYS["wrong"]}, expect=401)
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, {"Authorization": "Basic " + KEYS["wrong"]}, expect=401)
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, key | {"Idempotency-Key": KEYS["wrong"]})
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, key | {"Connect-Timeout-Ms": KEYS["wrong"]}, expect=400)
    # Out of time, and gone.
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, key | {"Connect-Timeout-Ms": "1"})
    for _ in range(3):
        connection = http.client.HTTPConnection("127.0.0.1", gateway, timeout=5)
        body = json.dumps({"mood": mood()})
        connection.request("POST", f"{GATEWAY}/Recommend", body, key | {"Content-Type": "application/json"})
        connection.close()
    # A service behind is away.
    system.emotion.kill()
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()})
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": "I want to die " + mood()})
    system.embedding.kill()
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()})
    system.emotion.start()
    system.embedding.start()
    rows = [catalogs.row(1, title=TITLE, description=PLOT), catalogs.row(2, type="Zyxotitle")]
    file = catalogs.write(system.folder / "marked.csv", rows)
    assert "1 titles stored" in system.gateway.run("ingest", str(file)).stdout
    ask(gateway, f"{GATEWAY}/Recommend", {"mood": mood()}, expect=200)
    # Time for the last spans to leave.
    time.sleep(6)


def test_nothing_that_the_services_write_has_a_mood_a_title_or_a_key(evidence):
    assert leaks(evidence) == []


def test_there_was_something_to_search(evidence):
    """Otherwise the search proves nothing."""
    assert evidence["spans"].count(b"spanId") > 50
    assert evidence["errors"].count(b'"code"') > 20
    for service in ("emotion-service", "embedding-service", "recommendation-gateway"):
        assert len(re.findall(rb'"level":"(?:debug|info)"', evidence[f"log of {service}"])) > 10
        assert evidence[f"{service} check-config"].count(b"=") > 20
    assert b"gen_ai_client_operation_duration_seconds" in b"".join(
        content for name, content in evidence.items() if "/metrics" in name
    )


@pytest.mark.parametrize(
    "planted",
    [
        f'{{"mood":"{MOOD[:8]}"}}',
        json.dumps({"message": MOOD}),
        urllib.parse.quote(MOOD),
        base64.b64encode(MOOD.encode()).decode(),
        base64.urlsafe_b64encode(b"{" + TITLE.encode()).decode(),
        base64.b64encode(b'{"' + PLOT.encode()).decode(),
        MOOD.encode().hex(),
        MOOD.upper(),
        f"Authorization: Bearer {KEYS['openai']}",
        base64.b64encode(f"user:{KEYS['reader']}".encode()).decode(),
        hashlib.sha256(MOOD.encode()).hexdigest(),
        hashlib.sha256(KEYS["gateway"].encode()).hexdigest(),
    ],
)
def test_a_leak_that_is_planted_is_found(evidence, planted):
    for source in ("log of emotion-service", "spans", "errors"):
        spoilt = evidence | {source: evidence[source] + b"\n" + planted.encode()}
        assert leaks(spoilt), planted


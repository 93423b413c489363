"""Keys, limits and changes to the catalog, over the wire to the real services."""

from __future__ import annotations

import hashlib
import socket
import time

import pytest

import errors
from running import RECOMMEND, System, call, send

CATALOG = "/netflixgpt.catalog.v1.CatalogService"
KEYS = {"reader": "read", "batcher": "read", "editor": "read,write", "gateway": "read,write,critical"}
RATES = {"reader": "read=20/60", "batcher": "read=40/60"}
WATCH = "/grpc.health.v1.Health/Watch"


def key(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}-secret"}


@pytest.fixture(scope="module")
def guarded(loaded, tmp_path_factory):
    """The three services, each of which asks for a key."""
    folder = tmp_path_factory.mktemp("guarded")
    lines = [
        f"{name} {hashlib.sha256(f'{name}-secret'.encode()).hexdigest()} {scopes} {RATES.get(name, '')}"
        for name, scopes in KEYS.items()
    ]
    (folder / "keys").write_text("\n".join(lines))
    asking = {"API_KEYS_FILE": str(folder / "keys"), "LOG_LEVEL": "trace", "DRAIN_DELAY_SECONDS": "0"}
    showing = {"SERVICE_API_KEY": "gateway-secret", "CORS_ORIGINS": "https://shop.example"}
    system = System(folder, asking, asking, asking | showing)
    for file in loaded[0].folder.glob("catalog.sqlite*"):
        (folder / file.name).write_bytes(file.read_bytes())
    try:
        for service in system.services:
            service.start()
        yield system
    finally:
        system.stop()


def recommend(system, headers, mood="a calm evening", **fields):
    return system.recommend(mood, headers, **fields)


def test_a_call_needs_a_key_and_pages_do_not(guarded):
    answer = recommend(guarded, {})
    errors.check(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    errors.check(recommend(guarded, {"X-Api-Key": "guess"}), 401, "unauthenticated")
    for service in guarded.services:
        assert send(service.port, "GET", "/readyz").status == 200
        assert call(service.port, "/grpc.health.v1.Health/Check", {}).status == 200
    assert send(guarded.gateway.port, "GET", "/").status == 200


def test_what_is_for_operators_needs_a_key(guarded):
    for service in guarded.services:
        errors.check(send(service.port, "GET", "/metrics"), 401, "unauthenticated")
        answer = send(service.port, "GET", "/metrics", headers=key("reader"))
        assert answer.status == 200 and b"process_threads" in answer.body


def test_strangers_learn_who_fails_and_not_why(guarded):
    guarded.emotion.kill()
    try:
        deadline = time.monotonic() + 20
        while send(guarded.gateway.port, "GET", "/readyz").status == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert b"[-]emotion-service failed\n" in send(guarded.gateway.port, "GET", "/readyz?verbose").body
        known = send(guarded.gateway.port, "GET", "/readyz", headers=key("reader")).body
        assert b"[-]emotion-service failed: unavailable" in known
    finally:
        guarded.emotion.start()
        while send(guarded.gateway.port, "GET", "/readyz").status != 200:
            assert time.monotonic() < deadline + 40
            time.sleep(0.1)


def test_a_watch_needs_a_key(guarded):
    envelope = b"\0\0\0\0\2{}"
    for port in (guarded.gateway.port, guarded.emotion.port):
        refused = send(port, "POST", WATCH, envelope, {"Content-Type": "application/connect+json"})
        assert refused.status == 200 and refused.body[:1] == b"\2"
        assert b'"code":"unauthenticated"' in refused.body
        lines = {"Accept": "application/x-ndjson", "Connect-Timeout-Ms": "300"}
        errors.check(call(port, WATCH, {}, lines), 401, "unauthenticated")
        watched = call(port, WATCH, {}, lines | key("reader"))
        assert watched.body.startswith(b'{"message":{"status":"SERVING"}}')
        assert call(port, "/grpc.health.v1.Health/List", {}).status == 401


def test_a_batch_costs_what_its_moods_do(guarded):
    path = "/netflixgpt.recommendation.v1.RecommendationService/BatchRecommend"
    moods = {"requests": [{"mood": f"calm {number}", "limit": 1} for number in range(30)]}
    answer = call(guarded.gateway.port, path, moods, key("batcher"), timeout=60)
    assert answer.status == 200
    assert 10 <= int(answer.headers["ratelimit"].split(";r=")[1].split(";")[0]) < 40
    assert call(guarded.gateway.port, path, moods, key("batcher"), timeout=60).status == 200
    errors.check(call(guarded.gateway.port, path, moods, key("batcher")), 429, "resource_exhausted")


def test_the_services_know_the_gateway_by_its_own_key(guarded):
    path = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
    errors.check(call(guarded.emotion.port, path, {"mood": "calm"}), 401, "unauthenticated")
    answer = recommend(guarded, key("editor"), mood="the joy of a key that fits")
    assert answer.status == 200 and answer.json.get("degraded", []) == []


def test_a_key_is_refused_before_a_body_is_sent(guarded):
    with socket.create_connection(("127.0.0.1", guarded.gateway.port), timeout=10) as connection:
        connection.sendall(
            f"POST {RECOMMEND} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            "Content-Length: 4000000\r\n\r\n".encode()
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_a_key_has_its_scopes_and_its_rate(guarded):
    denied = call(guarded.gateway.port, f"{CATALOG}/DeleteTitles", {"ids": ["x"]}, key("reader"))
    errors.check(denied, 403, "permission_denied")
    first = recommend(guarded, key("reader"))
    assert first.status == 200
    assert first.headers["ratelimit-policy"] == '"read";q=20;w=60'
    answers = [recommend(guarded, key("reader")) for _ in range(30)]
    refused = [answer for answer in answers if answer.status == 429]
    assert refused
    errors.check(refused[0], 429, "resource_exhausted")
    assert int(refused[0].headers["retry-after"]) >= 1
    assert int(refused[0].headers["retry-after-ms"]) > 0
    assert recommend(guarded, key("editor")).status == 200


def test_a_title_that_is_added_is_recommended_next_and_gone_when_deleted(guarded):
    title = {
        "id": "e2e-1",
        "name": "The Lighthouse Keeper's Waltz",
        "type": "TITLE_TYPE_MOVIE",
        "description": "A lonely lighthouse keeper learns to waltz with the tide.",
        "emotions": [{"name": "wistful serenity", "intensity": 1}],
    }
    fields = key("editor") | {"Idempotency-Key": "once"}
    path = f"{CATALOG}/UpsertTitles"
    added = call(guarded.gateway.port, path, {"titles": [title]}, fields)
    assert added.status == 200
    assert added.json["results"] == [{"id": "e2e-1", "change": "TITLE_CHANGE_ADDED"}]
    again = call(guarded.gateway.port, path, {"titles": [title]}, fields)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json == added.json
    other = call(guarded.gateway.port, path, {"titles": [title | {"name": "x"}]}, fields)
    errors.check(other, 400, "invalid_argument")

    mood = "wistful serenity, a lighthouse keeper learns to waltz with the tide"
    found = recommend(guarded, key("editor"), mood=mood, limit=3)
    assert "e2e-1" in [each["title"]["id"] for each in found.json["recommendations"]]
    assert found.json["catalogVersion"] == added.json["catalogVersion"]

    deleted = call(
        guarded.gateway.port, f"{CATALOG}/DeleteTitles", {"ids": ["e2e-1", "none"]}, key("editor")
    )
    assert deleted.json["deleted"] == 1 and deleted.json["unknownIds"] == ["none"]
    found = recommend(guarded, key("editor"), mood=mood, limit=3)
    assert "e2e-1" not in [each["title"]["id"] for each in found.json["recommendations"]]


def test_titles_without_emotions_get_them_and_bad_ones_are_named(guarded):
    titles = [
        {"id": "e2e-2", "name": "Grief", "type": "TITLE_TYPE_SHOW", "description": "A widow mourns her son."},
        {"id": "e2e-3", "name": "Nameless"},
    ]
    answer = call(guarded.gateway.port, f"{CATALOG}/UpsertTitles", {"titles": titles}, key("editor"))
    assert answer.status == 200
    good, bad = answer.json["results"]
    assert good["change"] == "TITLE_CHANGE_ADDED"
    assert bad["failure"]["field"] == "titles[1].type"
    stored = call(
        guarded.gateway.port,
        "/netflixgpt.recommendation.v1.RecommendationService/GetTitle",
        {"id": "e2e-2"},
        key("editor"),
    )
    assert stored.json["title"]["emotions"]


def test_a_browser_of_an_allowed_site_may_call(guarded):
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    preflight = send(guarded.gateway.port, "OPTIONS", RECOMMEND, headers=asking)
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
    answer = recommend(guarded, {"Origin": "https://shop.example"})
    assert answer.status == 401
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    other = recommend(guarded, key("editor") | {"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_new_key_works_without_a_restart(guarded):
    file = guarded.folder / "keys"
    digest = hashlib.sha256(b"late-secret").hexdigest()
    file.write_text(f"{file.read_text()}\nlate {digest} read\n")
    deadline = time.monotonic() + 20
    while recommend(guarded, key("late")).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_logs_name_callers_and_hold_no_key(guarded):
    recommend(guarded, key("editor"))
    recommend(guarded, {"X-Api-Key": "guess-secret"})
    logs = guarded.logs()
    refused = [line for line in logs.splitlines() if '"code":"unauthenticated"' in line]
    assert refused and all('"caller":"address:127.0.0.1"' in line for line in refused)
    assert "key:editor" in logs and "key:gateway" in logs
    assert "-secret" not in logs


def test_a_bad_file_of_keys_keeps_a_service_from_starting(tmp_path):
    (tmp_path / "keys").write_text("shop my-plain-key read\n")
    system = System(tmp_path, emotion={"API_KEYS_FILE": str(tmp_path / "keys")})
    for command in ("serve", "check-config"):
        outcome = system.emotion.run(command, timeout=60)
        assert outcome.returncode == 78
        assert "line 1" in outcome.stderr and "my-plain-key" not in outcome.stderr


def test_an_issuer_s_keys_without_an_audience_keep_a_service_from_starting(tmp_path):
    (tmp_path / "keys.json").write_text('{"keys": []}')
    system = System(tmp_path, emotion={"JWT_JWKS_FILE": str(tmp_path / "keys.json")})
    for command in ("serve", "check-config"):
        outcome = system.emotion.run(command, timeout=60)
        assert outcome.returncode == 78 and "JWT_AUDIENCE" in outcome.stderr

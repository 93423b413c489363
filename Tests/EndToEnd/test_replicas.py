"""A gateway in front of several services of a kind, and what it can be told about calling them."""

from __future__ import annotations

import json
import signal
import time

import pytest

import catalogs
from running import Service, System


@pytest.fixture
def doubled(tmp_path):
    """Running services, two of each kind behind the gateway, and the second ones."""
    settings = {"DRAIN_DELAY_SECONDS": "1"}
    second = System(tmp_path / "second", settings, settings)
    first = System(tmp_path / "first", settings, settings, settings)
    first.gateway.settings |= {
        "EMOTION_SERVICE_URL": f"{first.emotion.url},{second.emotion.url}",
        "EMBEDDING_SERVICE_URL": f"{first.embedding.url}, localhost:{second.embedding.port}",
    }
    backends = [first.emotion, first.embedding, second.emotion, second.embedding]
    try:
        for service in backends:
            service.start()
        file = catalogs.write(first.folder / "titles.csv", catalogs.sixty())
        first.gateway.run("ingest", str(file))
        first.gateway.start()
        yield first, second
    finally:
        second.stop()
        first.stop()


def undegraded(system: System, moods: range) -> bool:
    answers = [system.recommend(f"a quiet evening number {mood}") for mood in moods]
    return all(answer.status == 200 and not answer.json.get("degraded") for answer in answers)


def test_no_answer_suffers_when_one_of_two_services_dies_and_returns(doubled):
    first, second = doubled
    assert undegraded(first, range(20))
    first.emotion.kill()
    second.embedding.kill()
    assert undegraded(first, range(20, 60))
    first.emotion.start()
    second.embedding.start()
    second.emotion.terminate()
    first.embedding.terminate()
    assert undegraded(first, range(60, 100))
    assert first.gateway.run("doctor").returncode == 0


def gateway(folder, config) -> Service:
    path = folder / "service_config.json"
    path.write_text(config if isinstance(config, str) else json.dumps(config))
    return Service("recommendation-gateway", folder, {"SERVICE_CONFIG_FILE": str(path)})


def test_a_service_config_is_checked_at_the_start_with_all_its_problems(tmp_path):
    config = {"methodConfig": [{"name": [{}], "timeout": "soon"}], "retryThrottling": {"maxTokens": 0}}
    checked = gateway(tmp_path, config).run("check-config")
    assert checked.returncode == 78
    assert "SERVICE_CONFIG_FILE: methodConfig[0].timeout: must be a duration" in checked.stderr
    assert "SERVICE_CONFIG_FILE: retryThrottling.maxTokens: must be a number" in checked.stderr
    missing = gateway(tmp_path, "{}")
    missing.settings["SERVICE_CONFIG_FILE"] = str(tmp_path / "none.json")
    checked = missing.run("check-config")
    assert checked.returncode == 78 and "can't be read" in checked.stderr
    assert gateway(tmp_path, "{}").run("check-config").returncode == 0


def test_a_methods_time_limit_holds(own_system):
    config = {"methodConfig": [{"name": [{"service": "netflixgpt.emotion.v1.EmotionService"}], "timeout": "0.3s"}]}
    path = own_system.folder / "service_config.json"
    path.write_text(json.dumps(config))
    own_system.gateway.terminate()
    own_system.gateway.settings["SERVICE_CONFIG_FILE"] = str(path)
    own_system.gateway.start()
    own_system.emotion.signal(signal.SIGSTOP)
    started = time.monotonic()
    answer = own_system.recommend("a mood that waits for nobody")
    own_system.emotion.signal(signal.SIGCONT)
    # The gateway would wait for 15 seconds.
    assert 0.25 < time.monotonic() - started < 10
    assert answer.status in (200, 504), answer.body[:300]


@pytest.mark.parametrize("places", ["http://", "a,,b", "a b", "a:70000", ","])
def test_a_wrong_place_is_refused_at_the_start(tmp_path, places):
    service = Service("recommendation-gateway", tmp_path, {"EMOTION_SERVICE_URL": places})
    checked = service.run("check-config")
    assert checked.returncode == 78
    assert "EMOTION_SERVICE_URL" in checked.stderr

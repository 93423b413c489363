"""/metrics as Prometheus's own parsers read it, and that it counts what happened."""

from __future__ import annotations

import uuid

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus

from running import RECOMMEND, send

METHOD = RECOMMEND[1:]


def samples(port, accept="text/plain", parse=prometheus):
    answer = send(port, "GET", "/metrics", headers={"Accept": accept})
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(accept)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(answer.body.decode())
        for sample in family.samples
    }


def value(all_samples, name, **labels):
    """The sum of the samples that have these labels, among others."""
    wanted = set(labels.items())
    return sum(number for (key, found), number in all_samples.items() if key == name and wanted <= set(found))


@pytest.mark.parametrize("service", ["emotion", "embedding", "gateway"])
def test_both_formats_are_what_their_parsers_read(system, service):
    system.recommend("calm")
    port = getattr(system, service).port
    text = samples(port)
    strict = samples(port, "application/openmetrics-text", openmetrics)
    names = {name for name, _ in text}
    assert {name for name, _ in strict} == names
    for name in [
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
        "rpc_server_calls_started_total",
        "rpc_server_call_duration_seconds_bucket",
        "cache_hits_total",
    ]:
        assert name in names


def test_every_metric_of_ours_says_what_it_is(system):
    system.recommend("calm")
    for service in system.services:
        body = send(service.port, "GET", "/metrics").body.decode()
        for family in prometheus(body):
            assert family.documentation, family.name


def test_a_call_is_counted_by_method_and_code(system):
    port = system.gateway.port
    before = samples(port)
    assert system.recommend("calm").status == 200
    assert system.recommend("").status == 400
    after = samples(port)

    def grown(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("rpc_server_calls_started_total", rpc_method=METHOD) == 2
    duration = "rpc_server_call_duration_seconds_count"
    assert grown(duration, rpc_method=METHOD, rpc_status_code="ok") == 1
    assert grown(duration, rpc_method=METHOD, rpc_status_code="invalid_argument") == 1
    assert grown("rpc_server_request_size_bytes_sum", rpc_method=METHOD) == len('{"mood": "calm"}{"mood": ""}')
    assert grown("rpc_server_response_size_bytes_sum", rpc_method=METHOD) > 1000
    assert value(after, "rpc_server_active_calls") == 0


def test_unknown_methods_share_one_name(system):
    port = system.gateway.port
    before = samples(port)
    for _ in range(50):
        assert send(port, "GET", f"/{uuid.uuid4()}").status == 404
    after = samples(port)
    name = "rpc_server_calls_started_total"
    assert value(after, name, rpc_method="_OTHER") - value(before, name, rpc_method="_OTHER") == 50
    assert len({key for key, _ in after}) - len({key for key, _ in before}) <= 10


def test_calls_to_services_and_models_are_counted(system):
    gateway, emotion = samples(system.gateway.port), samples(system.emotion.port)
    mood = f"wistful {uuid.uuid4()}"
    for _ in range(2):
        assert system.recommend(mood).status == 200
    called = "rpc_client_call_duration_seconds_count"
    after = samples(system.gateway.port)
    method = "netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
    assert value(after, called, rpc_method=method) - value(gateway, called, rpc_method=method) == 1
    assert value(after, "cache_hits_total", cache="answers") > value(gateway, "cache_hits_total", cache="answers")
    asked = "gen_ai_client_operation_duration_seconds_count"
    labels = {"stage": "extract", "gen_ai_provider_name": "local", "error_type": ""}
    assert value(samples(system.emotion.port), asked, **labels) - value(emotion, asked, **labels) == 1


def test_requests_that_reach_no_method_are_counted_by_reason(system):
    port = system.embedding.port
    before = value(samples(port), "rpc_server_rejected_total", reason="header_too_large")
    assert send(port, "GET", "/livez", headers={"X-Long": "a" * 20_000}).status == 431
    assert value(samples(port), "rpc_server_rejected_total", reason="header_too_large") == before + 1


@pytest.mark.parametrize("own_system", [{"ADMIN_PORT": "0", "OPENAI_API_KEY": "sk-sesame"}], indirect=True)
def test_operators_have_an_address_of_their_own(own_system):
    for service in own_system.services:
        lines = service.log.read_text().splitlines()
        line = next(line for line in lines if "listening for operators" in line)
        assert '"host":"127.0.0.1"' in line
        port = int(line.split('"port":"')[1].split('"')[0])
        assert value(samples(port), "process_threads") > 0
        configuration = send(port, "GET", "/debugz/config")
        assert configuration.json["PORT"] == str(service.port)
        assert configuration.json["ADMIN_PORT"] == "0"
        assert b"sesame" not in configuration.body
        index = send(port, "GET", "/").body.decode()
        assert "/debugz/config" in index
        # What operators see is not for callers.
        for page in ("/debugz/config", "/metrics"):
            assert send(service.port, "GET", page).status == 404
        assert "/metrics" not in send(service.port, "GET", "/openapi.json").json["paths"]
        if service is own_system.gateway:
            channels = send(port, "GET", "/debugz/channels").json["channels"]
            states = [[endpoint["state"] for endpoint in channel["endpoints"]] for channel in channels]
            assert states == [["ready"], ["ready"]]

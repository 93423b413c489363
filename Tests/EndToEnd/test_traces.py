"""Traces over three services, as a collector receives them, and the access log."""

from __future__ import annotations

import base64
import json
import time
import uuid

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from loopback import LoopbackHandler, LoopbackServer
from running import RECOMMEND, System, send

CALLER = "00-{trace}-00f067aa0ba902b7-{flags}"


class Collector(LoopbackServer):
    """Takes traces by OTLP/HTTP, and refuses what the protocol's own types don't read."""

    def __init__(self):
        super().__init__(Handler)
        self.spans: list[tuple[str, object]] = []
        self.problems: list[str] = []

    def wait_for(self, trace: str, count: int, patience=30):
        """The spans of a trace, by service, once there are so many."""
        deadline = time.monotonic() + patience
        while True:
            found = [(service, span) for service, span in self.spans if span.trace_id.hex() == trace]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)


def with_base64_ids(value):
    """OTLP writes ids in hexadecimal where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode() if key in ids else with_base64_ids(item)
        for key, item in value.items()
    }


class Handler(LoopbackHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
            assert self.headers["Api-Key"] == "sesame"
            request = json_format.ParseDict(with_base64_ids(json.loads(body)), ExportTraceServiceRequest())
            for resource in request.resource_spans:
                service = {item.key: item.value.string_value for item in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self.server.spans += [(service["service.name"], span) for span in scope.spans]
            status = 200
        except Exception as problem:
            self.server.problems.append(repr(problem))
            status = 400
        self.answer(status, {})


@pytest.fixture(scope="module")
def collector():
    with Collector() as collector:
        yield collector
    assert collector.problems == []


@pytest.fixture(scope="module")
def traced(collector, loaded, tmp_path_factory):
    settings = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "api-key=sesame",
        "TRACE_SAMPLE_RATIO": "0",
        "DRAIN_DELAY_SECONDS": "0",
    }
    system = System(tmp_path_factory.mktemp("traced"), settings, settings, settings)
    for file in loaded[0].folder.glob("catalog.sqlite*"):
        (system.folder / file.name).write_bytes(file.read_bytes())
    try:
        for service in system.services:
            service.start()
        yield system
    finally:
        system.stop()


def attributes(span):
    return {item.key: item.value.string_value or item.value.int_value for item in span.attributes}


def test_a_caller_s_trace_runs_through_all_services(traced, collector):
    trace = uuid.uuid4().hex
    mood = f"wistful {uuid.uuid4()}"
    headers = {"traceparent": CALLER.format(trace=trace, flags="01"), "tracestate": "vendor=1"}
    assert traced.recommend(mood, headers).status == 200
    found = collector.wait_for(trace, 7)
    spans = {span.span_id: (service, span) for service, span in found}

    def parent(span):
        return spans.get(span.parent_span_id, (None, None))[1]

    roots = [span for _, span in found if parent(span) is None]
    assert [(span.name, span.parent_span_id.hex()) for span in roots] == [(RECOMMEND[1:], "00f067aa0ba902b7")]
    extract = "netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
    (served,) = [span for service, span in found if service == "emotion-service" and span.name == extract]
    assert served.kind == 2
    called = parent(served)
    assert called.kind == 3 and called.name == extract
    assert parent(called) is roots[0]
    (model,) = [span for service, span in found if service == "emotion-service" and span.kind == 3]
    assert parent(model) is served
    assert attributes(model)["gen_ai.provider.name"] == "local"
    for _, span in found:
        assert span.end_time_unix_nano >= span.start_time_unix_nano > 1.7e18
        assert span.trace_state == "vendor=1"
        assert span.status.code == 0
        # Neither a caller's words nor a key.
        assert mood.split()[1] not in str(span) and "sesame" not in str(span)
    root = attributes(roots[0])
    assert root["rpc.status_code"] == "ok" and root["http.response.status_code"] == 200
    assert root["rpc.system.name"] == "connectrpc" and root["network.protocol.version"] == "1.1"


def test_what_a_caller_does_not_record_is_not_recorded(traced, collector):
    trace, marker = uuid.uuid4().hex, uuid.uuid4().hex
    assert traced.recommend("calm", {"traceparent": CALLER.format(trace=trace, flags="00")}).status == 200
    assert traced.recommend("calm", {"traceparent": CALLER.format(trace=marker, flags="01")}).status == 200
    assert collector.wait_for(marker, 1)
    assert collector.wait_for(trace, 1, patience=0) == []


def test_spans_that_are_left_are_sent_when_a_service_ends(traced, collector):
    trace = uuid.uuid4().hex
    headers = {"traceparent": CALLER.format(trace=trace, flags="01")}
    assert send(traced.embedding.port, "GET", "/grpc.health.v1.Health/Check?encoding=json&message={}", headers=headers)
    assert traced.embedding.terminate() == 0
    try:
        assert [service for service, _ in collector.wait_for(trace, 1, patience=5)] == ["embedding-service"]
    finally:
        traced.embedding.start()


def logged(service, request_id, patience=10):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for line in service.log.read_text().splitlines():
            if f'"requestID":"{request_id}"' in line:
                return json.loads(line)
        time.sleep(0.05)
    return None


def test_a_request_is_a_line_in_the_log_of_each_service_with_its_trace(traced):
    trace, name = uuid.uuid4().hex, f"r-{uuid.uuid4()}"
    mood = f"sesame {uuid.uuid4()}"
    headers = {"traceparent": CALLER.format(trace=trace, flags="00"), "X-Request-Id": name}
    assert traced.recommend(mood, headers).status == 200
    gateway, emotion = logged(traced.gateway, name), logged(traced.emotion, name)
    assert gateway["method"] == RECOMMEND and gateway["httpVersion"] == "1.1"
    assert emotion["method"].endswith("/ExtractEmotions") and emotion["httpVersion"] == "2"
    for line in (gateway, emotion):
        assert line["level"] == "info" and line["message"] == "call" and line["traceID"] == trace
        assert line["status"] == 200 and line["code"] == "ok" and line["httpMethod"] == "POST"
        assert line["microseconds"] > 0 and line["requestBytes"] > 0 and line["responseBytes"] > 0
    assert "sesame" not in traced.logs()


def test_probes_are_no_lines_unless_they_fail(traced):
    name = f"r-{uuid.uuid4()}"
    send(traced.gateway.port, "GET", "/readyz", headers={"X-Request-Id": name})
    send(traced.gateway.port, "GET", "/nowhere", headers={"X-Request-Id": f"{name}-2"})
    line = logged(traced.gateway, f"{name}-2")
    assert line["method"] == "_OTHER" and line["status"] == 404 and line["code"] == "unimplemented"
    assert logged(traced.gateway, name, patience=0.1) is None


@pytest.mark.parametrize("own_system", [{"ACCESS_LOG": "off"}], indirect=True)
def test_the_access_log_can_be_off(own_system):
    name = f"r-{uuid.uuid4()}"
    assert own_system.recommend("calm", {"X-Request-Id": name}).status == 200
    assert own_system.gateway.terminate() == 0
    assert name not in own_system.gateway.log.read_text()

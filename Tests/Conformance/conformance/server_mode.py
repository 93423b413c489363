"""The cases that test a server: the runner is the client."""

from __future__ import annotations

import gzip
import json
import struct
import subprocess
import urllib.parse
from pathlib import Path
from typing import Self

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from . import compare, exchange, messages
from .cases import MUTUAL, PLAIN, TLS, Case, query
from .certificates import Certificates


class Servers:
    """`conformance-server` in plain text, by TLS and with client certificates, for as long as the scope lasts."""

    def __init__(self, executable: Path, certificates: Certificates):
        self.executable = executable
        self.certificates = certificates
        self.arguments = {PLAIN: [], TLS: certificates.server, MUTUAL: [*certificates.server, certificates.authority]}

    def __enter__(self) -> Self:
        self.processes = []
        self.ports = {}
        for security, arguments in self.arguments.items():
            command = [self.executable, *arguments]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.processes.append(process)
            listening = json.loads(process.stdout.readline())
            self.ports[security] = (listening["host"], listening["port"])
        return self

    def __exit__(self, *_) -> None:
        for process in self.processes:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()

    def run(self, case: Case) -> list[str]:
        request = case.request()
        expected = case.expected(request)
        context = self.certificates.of_client(case.http, case.security)
        place = exchange.Place(*self.ports[case.security], context)
        response = exchange.send(case.http, place, *_wire(case, request))
        actual, problems = _result(case, request, response)
        return problems + compare.result(expected, actual, case.other_codes)


def _wire(case: Case, request) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """Method, target, fields and body of a request."""
    if request.HasField("raw_request"):
        raw = request.raw_request
        body = b"".join(messages.enveloped(raw.stream)) if raw.HasField("stream") else messages.contents(raw.unary)
        return raw.verb, raw.uri, messages.fields_of(raw.headers), body
    target = f"/{request.service}/{request.method}"
    prefix = "connect-" if case.is_stream else ""
    fields = [(f"{prefix}accept-encoding", "gzip" if case.gzip else "identity")]
    fields += messages.fields_of(request.request_headers)
    if request.HasField("timeout_ms"):
        fields.append(("connect-timeout-ms", str(request.timeout_ms)))
    if request.use_get_http_method:
        parameters = [("connect", "v1"), *query(request, case.codec)]
        if case.codec == "proto":
            parameters.append(("base64", "1"))
        target += "?" + urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
        return "GET", target, fields, b""
    kind = f"application/{prefix.replace('-', '+')}{case.codec}"
    fields += [("content-type", kind), ("connect-protocol-version", "1")]
    body = messages.encode(messages.unpacked(request.request_messages[0]), case.codec)
    if case.gzip:
        fields.append((f"{prefix}content-encoding", "gzip"))
        body = gzip.compress(body)
    if case.is_stream:
        body = messages.envelope(1 if case.gzip else 0, body)
    return "POST", target, fields, body


def _result(case: Case, request, response: exchange.Response):
    """What a client makes of a response, and what is wrong with the response whatever the case is."""
    if case.is_stream and response.status == 200:
        return _stream_result(case, response)
    actual = messages.ClientResponseResult(http_status_code=response.status)
    problems = ["HTTP trailers"] if response.has_trailers else []
    headers, trailers = messages.split_trailers(response.fields)
    actual.response_headers.extend(headers)
    actual.response_trailers.extend(trailers)
    body = response.body
    match response.field("content-encoding"):
        case None | "identity":
            pass
        case "gzip" if case.gzip:
            body = gzip.decompress(body)
        case encoding:
            return actual, problems + [f"content encoding {encoding}, which the request does not accept"]
    wanted = f"application/{case.codec}" if response.status == 200 else "application/json"
    if response.field("content-type") != wanted:
        problems.append(f"content type {response.field('content-type')} instead of {wanted}")
    if response.status == 200:
        try:
            reply = messages.decode(f"{request.method}Response", case.codec, body)
            actual.payloads.append(reply.payload)
        except (DecodeError, json_format.ParseError) as failure:
            problems.append(f"the response can't be read: {failure}")
        return actual, problems
    error, faults = compare.error_body(body)
    if not error.code:
        error.code = messages.CODES.index(messages.INFERRED.get(response.status, "unknown")) + 1
    actual.error.CopyFrom(error)
    return actual, problems + faults


def _stream_result(case: Case, response: exchange.Response):
    actual = messages.ClientResponseResult(http_status_code=response.status)
    actual.response_headers.extend(messages.headers_of(response.fields))
    problems = ["HTTP trailers"] if response.has_trailers else []
    kind = response.field("content-type")
    if not (kind or "").startswith("application/connect+") or (
        not case.request().HasField("raw_request") and kind != f"application/connect+{case.codec}"
    ):
        problems.append(f"content type {kind}")
    if response.field("content-encoding") is not None:
        problems.append("a stream compressed as a whole")
    encoding = response.field("connect-content-encoding") or "identity"
    if encoding not in (("identity", "gzip") if case.gzip else ("identity",)):
        problems.append(f"messages in {encoding}, which the request does not accept")
    rest, has_ended = response.body, False
    while rest:
        flags, length = struct.unpack(">BI", rest[:5])
        payload, rest = rest[5 : 5 + length], rest[5 + length :]
        if has_ended or len(payload) != length or flags > 3:
            problems.append("bytes that are no envelope")
            break
        if flags & 1:
            if encoding != "gzip":
                problems.append("a compressed message, and no header field says how")
                break
            payload = gzip.decompress(payload)
        if flags & 2:
            has_ended = True
            problems += _end(payload, actual)
        else:
            actual.payloads.append(messages.decode("ServerStreamResponse", case.codec, payload).payload)
    return actual, problems if has_ended else problems + ["the stream has no end"]


def _end(payload: bytes, actual) -> list[str]:
    """Reads what a stream ends with; returns what is wrong with it."""
    try:
        value = json.loads(payload)
    except ValueError as failure:
        return [f"the end is no JSON: {failure}"]
    if not isinstance(value, dict):
        return ["the end is no object"]
    problems = [f"key {key!r} in the end" for key in value.keys() - {"error", "metadata"}]
    metadata = value.get("metadata", {})
    actual.response_trailers.extend(
        messages.headers_of([(name, each) for name, values in metadata.items() for each in values])
    )
    if "error" in value:
        error, faults = compare.error_body(json.dumps(value["error"]).encode())
        actual.error.CopyFrom(error)
        problems += faults
    return problems

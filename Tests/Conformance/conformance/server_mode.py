"""The cases that test a server: the runner is the client."""

from __future__ import annotations

import gzip
import json
import subprocess
import urllib.parse
from pathlib import Path
from typing import Self

from google.protobuf import json_format
from google.protobuf.message import DecodeError

from . import compare, exchange, messages
from .cases import Case, query


class Server:
    """`conformance-server` for as long as the scope lasts."""

    def __init__(self, executable: Path):
        self.executable = executable

    def __enter__(self) -> Self:
        self.process = subprocess.Popen([self.executable], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        listening = json.loads(self.process.stdout.readline())
        self.address = (listening["host"], listening["port"])
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def run(self, case: Case) -> list[str]:
        request = case.request()
        expected = case.expected(request)
        response = exchange.send(case.http, self.address, *_wire(case, request))
        actual, problems = _result(case, request, response)
        return problems + compare.result(expected, actual, case.other_codes)


def _wire(case: Case, request) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """Method, target, fields and body of a request."""
    if request.HasField("raw_request"):
        raw = request.raw_request
        return raw.verb, raw.uri, messages.fields_of(raw.headers), messages.contents(raw.unary)
    target = f"/{request.service}/{request.method}"
    fields = [("accept-encoding", "gzip" if case.gzip else "identity")]
    fields += messages.fields_of(request.request_headers)
    if request.HasField("timeout_ms"):
        fields.append(("connect-timeout-ms", str(request.timeout_ms)))
    if request.use_get_http_method:
        parameters = [("connect", "v1"), *query(request, case.codec)]
        if case.codec == "proto":
            parameters.append(("base64", "1"))
        target += "?" + urllib.parse.urlencode(parameters, quote_via=urllib.parse.quote)
        return "GET", target, fields, b""
    fields += [("content-type", f"application/{case.codec}"), ("connect-protocol-version", "1")]
    body = messages.encode(messages.unpacked(request.request_messages[0]), case.codec)
    if case.gzip:
        fields.append(("content-encoding", "gzip"))
        body = gzip.compress(body)
    return "POST", target, fields, body


def _result(case: Case, request, response: exchange.Response):
    """What a client makes of a response, and what is wrong with the response whatever the case is."""
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

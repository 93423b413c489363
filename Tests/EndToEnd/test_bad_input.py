"""What may not be said to the gateway, and the exact status, code and field that answer it."""

from __future__ import annotations

import gzip
import json
import socket
import subprocess
import time

import pytest

import errors
from running import JSON, RECOMMEND, Answer, call, send

OK = {"mood": "calm"}

# What is wrong, the request as a message, the field that must be named.
WRONG_FIELDS = [
    ("no mood", {}, "mood"),
    ("empty mood", {"mood": ""}, "mood"),
    ("null mood", {"mood": None}, "mood"),
    ("blank mood", {"mood": " \n\t\u3000"}, "mood"),
    ("2,001 characters", {"mood": "a" * 2001}, "mood"),
    ("2,001 emoji", {"mood": "\U0001f62d" * 2001}, "mood"),
    ("NUL", {"mood": "sad\0"}, "mood"),
    ("bell", {"mood": "sad\a"}, "mood"),
    ("C1 control", {"mood": "sad\x86 day"}, "mood"),
    ("mood is a number", {"mood": 5}, "mood"),
    ("mood is a list", {"mood": ["sad"]}, "mood"),
    ("mood is an object", {"mood": {}}, "mood"),
    ("negative limit", OK | {"limit": -1}, "limit"),
    ("limit 0", OK | {"limit": 0}, "limit"),
    ("limit 101", OK | {"limit": 101}, "limit"),
    ("limit 1.5", OK | {"limit": 1.5}, "limit"),
    ("limit beyond 32 bits", OK | {"limit": 2**31}, "limit"),
    ("limit in words", OK | {"limit": "ten"}, "limit"),
    ("limit is true", OK | {"limit": True}, "limit"),
    ("unknown goal", OK | {"goal": "GOAL_PANIC"}, "goal"),
    ("negative seed", OK | {"seed": -1}, "seed"),
    ("filter is a list", OK | {"filter": []}, "filter"),
    ("unknown type", OK | {"filter": {"types": ["TITLE_TYPE_PODCAST"]}}, "filter.types[0]"),
    ("genre that no title has", OK | {"filter": {"genresAny": ["drama", "gossip"]}}, "filter.genresAny[1]"),
    ("the same for all", OK | {"filter": {"genresAll": ["gossip"]}}, "filter.genresAll[0]"),
    ("the same for none", OK | {"filter": {"genresNone": ["gossip"]}}, "filter.genresNone[0]"),
    ("33 genres", OK | {"filter": {"genresAny": ["drama"] * 33}}, "filter.genresAny"),
    ("genres are a text", OK | {"filter": {"genresAny": "drama"}}, "filter.genresAny"),
    ("year 1869", OK | {"filter": {"minYear": 1869}}, "filter.minYear"),
    ("year 2101", OK | {"filter": {"maxYear": 2101}}, "filter.maxYear"),
    ("years reversed", OK | {"filter": {"minYear": 2000, "maxYear": 1999}}, "filter.maxYear"),
    ("unknown rating", OK | {"filter": {"maxAgeRating": "PG-99"}}, "filter.maxAgeRating"),
    ("runtime 0", OK | {"filter": {"minRuntimeMinutes": 0}}, "filter.minRuntimeMinutes"),
    ("runtime 1,001", OK | {"filter": {"maxRuntimeMinutes": 1001}}, "filter.maxRuntimeMinutes"),
    (
        "runtimes reversed",
        OK | {"filter": {"minRuntimeMinutes": 90, "maxRuntimeMinutes": 60}},
        "filter.maxRuntimeMinutes",
    ),
    ("score below 0", OK | {"filter": {"minScore": -0.1}}, "filter.minScore"),
    ("score above 10", OK | {"filter": {"minScore": 10.1}}, "filter.minScore"),
    ("score is not a number", OK | {"filter": {"minScore": "NaN"}}, "filter.minScore"),
    ("1,001 ids", OK | {"filter": {"excludeIds": ["x"] * 1001}}, "filter.excludeIds"),
]

# What is wrong, the body byte for byte, the field that must be named, None for no field at all.
WRONG_BYTES = [
    ("nothing", b"", None),
    ("cut off", b'{"mood":', None),
    ("a list", b"[]", None),
    ("a text", b'"sad"', None),
    ("null", b"null", None),
    ("two values", b'{"mood":"a"}{}', None),
    ("trailing comma", b'{"mood":"a",}', None),
    ("comment", b'{"mood":"a"/* */}', None),
    ("not UTF-8", b'{"mood":"sad \xff"}', None),
    ("high surrogate alone", b'{"mood":"sad \\ud83d"}', None),
    ("low surrogate alone", b'{"mood":"sad \\ude2d"}', None),
    ("surrogates reversed", b'{"mood":"\\ude2d\\ud83d"}', None),
    ("nested 10,000 deep", b'{"mood":"a","x":' + b"[" * 10_000 + b"]" * 10_000 + b"}", None),
    ("number out of range", b'{"mood":"a","limit":1e400}', "limit"),
]


def over_http2(system, path, body: bytes, *options: str) -> Answer:
    result = subprocess.run(
        ["curl", "-sS", "-m", "20", "--http2-prior-knowledge", "-D", "/dev/stderr", *options]
        + ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        + [f"{system.gateway.url}{path}"],
        input=body,
        capture_output=True,
        check=True,
    )
    head = result.stderr.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in head if ": " in line)
    return Answer(int(head[0].split()[1]), fields, result.stdout)


def over_http1(system, path, body: bytes) -> Answer:
    return send(system.gateway.port, "POST", path, body, JSON)


TRANSPORTS = pytest.mark.parametrize("post", [over_http1, over_http2])


@TRANSPORTS
@pytest.mark.parametrize("message,field", [case[1:] for case in WRONG_FIELDS], ids=[c[0] for c in WRONG_FIELDS])
def test_a_wrong_field_is_named(system, post, message, field):
    errors.check(post(system, RECOMMEND, json.dumps(message).encode()), 400, "invalid_argument", field)


@TRANSPORTS
@pytest.mark.parametrize("body,field", [case[1:] for case in WRONG_BYTES], ids=[c[0] for c in WRONG_BYTES])
def test_a_body_that_is_no_message_is_refused(system, post, body, field):
    errors.check(post(system, RECOMMEND, body), 400, "invalid_argument", field)


@pytest.mark.parametrize(
    "message",
    [
        {"mood": "a" * 2000},
        {"mood": "\U0001f62d" * 2000},
        {"mood": "  \n" + "a" * 2000 + "\t "},
        {"mood": "\U0001f62d\U0001f494"},
        {"mood": "line\nline\ttab"},
        {"mood": "calm", "limit": 1},
        {"mood": "calm", "limit": 100},
        {"mood": "calm", "limit": "7"},
        {"mood": "calm", "limit": None, "filter": None},
        {"mood": "calm", "unknown": {"field": [1]}},
        {"mood": "calm", "filter": {"min_year": 1870, "maxYear": 2100, "minScore": 0}},
        {"mood": "calm", "filter": {"minRuntimeMinutes": 1, "maxRuntimeMinutes": 1000}},
        {"mood": "calm", "filter": {"excludeIds": ["x"] * 1000}},
    ],
    ids=lambda message: json.dumps(message)[:40],
)
def test_the_widest_allowed_input_is_answered(system, message):
    assert call(system.gateway.port, RECOMMEND, message).status == 200


def test_one_bad_request_of_a_batch_does_not_fail_the_others(system):
    path = RECOMMEND.replace("/Recommend", "/BatchRecommend")
    answer = call(system.gateway.port, path, {"requests": [OK, {"mood": " "}, OK | {"limit": 101}]})
    assert answer.status == 200
    good, blank, limit = answer.json["results"]
    assert good["response"]["emotions"]
    assert (blank["failure"]["code"], blank["failure"]["field"]) == ("invalid_argument", "requests[1].mood")
    assert (limit["failure"]["code"], limit["failure"]["field"]) == ("invalid_argument", "requests[2].limit")


@pytest.mark.parametrize("count", [0, 33])
def test_a_batch_is_1_to_32(system, count):
    path = RECOMMEND.replace("/Recommend", "/BatchRecommend")
    answer = call(system.gateway.port, path, {"requests": [OK] * count})
    errors.check(answer, 400, "invalid_argument", "requests")


@pytest.mark.parametrize("method", ["GetTitle", "SimilarTitles"])
def test_an_unknown_title_is_not_found(system, method):
    path = RECOMMEND.replace("/Recommend", f"/{method}")
    errors.check(call(system.gateway.port, path, {"id": "tm0"}), 404, "not_found")
    errors.check(call(system.gateway.port, path, {"id": ""}), 400, "invalid_argument", "id")


@pytest.mark.parametrize("size", [(4 << 20) + 1, 6 << 20], ids=["over a message's limit", "over a body's"])
def test_an_oversize_body_is_refused(system, size):
    body = b'{"mood":"a"' + b" " * (size - 12) + b"}"
    assert len(body) == size
    errors.check(send(system.gateway.port, "POST", RECOMMEND, body, JSON), 429, "resource_exhausted")


def test_an_oversize_body_of_unknown_length_is_refused(system):
    chunks = (b" " * 65536 for _ in range(80))
    errors.check(send(system.gateway.port, "POST", RECOMMEND, chunks, JSON), 429, "resource_exhausted")


@TRANSPORTS
def test_a_gzip_bomb_is_refused_while_it_is_inflated(system, post):
    bomb = gzip.compress(b" " * (256 << 20))
    assert len(bomb) < 1 << 20
    started = time.monotonic()
    if post is over_http1:
        headers = JSON | {"Content-Encoding": "gzip"}
        answer = send(system.gateway.port, "POST", RECOMMEND, bomb, headers)
    else:
        answer = over_http2(system, RECOMMEND, bomb, "-H", "Content-Encoding: gzip")
    errors.check(answer, 429, "resource_exhausted")
    assert time.monotonic() - started < 10


def test_broken_gzip_is_refused(system):
    headers = JSON | {"Content-Encoding": "gzip"}
    for body in [b"not gzip", gzip.compress(b'{"mood":"calm"}')[:-6]]:
        answer = send(system.gateway.port, "POST", RECOMMEND, body, headers)
        errors.check(answer, 400, "invalid_argument")


def test_an_unknown_encoding_is_unimplemented(system):
    headers = JSON | {"Content-Encoding": "br"}
    answer = send(system.gateway.port, "POST", RECOMMEND, b"{}", headers)
    errors.check(answer, 501, "unimplemented")


@TRANSPORTS
def test_an_unknown_path_is_404(system, post):
    for path in ["/netflixgpt.recommendation.v1.RecommendationService/recommend", "/nowhere", RECOMMEND + "/"]:
        errors.check(post(system, path, b"{}"), 404, "unimplemented")


def test_a_wrong_method_is_405_and_says_which_are_right(system):
    answer = send(system.gateway.port, "PUT", RECOMMEND, b"{}", JSON)
    errors.check(answer, 405, "unknown")
    assert answer.headers["allow"] == "GET, POST"
    path = "/netflixgpt.emotion.v1.EmotionService/AnnotateTitles"
    answer = send(system.emotion.port, "GET", path + "?encoding=json&message=%7B%7D")
    errors.check(answer, 405, "unknown")
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/connect+json", "", None])
def test_a_wrong_content_type_is_415_and_says_which_are_right(system, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    answer = send(system.gateway.port, "POST", RECOMMEND, b"{}", headers)
    errors.check(answer, 415, "unknown")
    assert answer.headers["accept-post"] == "application/json, application/proto"


def test_parameters_of_a_content_type_are_tolerated(system):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = send(system.gateway.port, "POST", RECOMMEND, json.dumps(OK).encode(), headers)
    assert answer.status == 200


@pytest.mark.parametrize(
    "timeout,status,code",
    [
        ("abc", 400, "invalid_argument"),
        ("-1", 400, "invalid_argument"),
        ("12345678901", 400, "invalid_argument"),
        ("", 400, "invalid_argument"),
        ("0", 504, "deadline_exceeded"),
    ],
)
def test_a_time_limit_must_be_one(system, timeout, status, code):
    answer = call(system.gateway.port, RECOMMEND, OK, {"Connect-Timeout-Ms": timeout})
    errors.check(answer, status, code)


def test_another_version_of_the_protocol_is_refused(system):
    answer = call(system.gateway.port, RECOMMEND, OK, {"Connect-Protocol-Version": "2"})
    errors.check(answer, 400, "invalid_argument")


@pytest.mark.parametrize(
    "query,status,code",
    [
        ("encoding=json", 400, "invalid_argument"),
        ("message=%7B%7D", 415, "unknown"),
        ("encoding=xml&message=%7B%7D", 415, "unknown"),
        ("encoding=json&message=%7B%22mood%22%3A%22%22%7D", 400, "invalid_argument"),
        ("encoding=json&base64=1&message=!!!", 400, "invalid_argument"),
    ],
)
def test_a_wrong_query_is_refused(system, query, status, code):
    errors.check(send(system.gateway.port, "GET", f"{RECOMMEND}?{query}"), status, code)


def test_a_request_id_that_is_none_is_replaced(system):
    for sent in ["a" * 129, "with space", "semi;colon"]:
        answer = call(system.gateway.port, RECOMMEND, OK, {"X-Request-Id": sent})
        assert answer.headers["x-request-id"] not in ("", sent)
    answer = call(system.gateway.port, RECOMMEND, OK, {"X-Request-Id": "Mine_1.0-a"})
    assert answer.headers["x-request-id"] == "Mine_1.0-a"


# Byte for byte, where a client library would not send it


def raw(system, request: bytes, patience=30.0) -> bytes:
    """What comes back until the gateway closes the connection."""
    with socket.create_connection(("127.0.0.1", system.gateway.port), timeout=patience) as connection:
        try:
            connection.sendall(request)
        except OSError:
            # It may answer and close before it has read everything.
            pass
        received = b""
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass
        return received


def parsed(response: bytes) -> Answer:
    head, body = response.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    return Answer(int(lines[0].split()[1]), fields, body)


POST = f"POST {RECOMMEND} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


@pytest.mark.parametrize(
    "fields",
    [b"X-Big: " + b"a" * 32768 + b"\r\n", b"".join(b"X-%d: a\r\n" % index for index in range(4000))],
    ids=["one of 32 KiB", "4,000 small ones"],
)
def test_a_flood_of_header_fields_is_refused(system, fields):
    answer = parsed(raw(system, POST + fields + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"))
    errors.check(answer, 431, "invalid_argument")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}1",
        POST + b"Content-Length: -2\r\n\r\n{}",
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        POST + b"Bad Name: x\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["no request", "HTTP/9.9", "two lengths of a kind", "two lengths", "length -2", "bad chunk", "bad name"],
)
def test_what_is_no_http_is_refused(system, request_bytes):
    errors.check(parsed(raw(system, request_bytes)), 400, "invalid_argument")


@pytest.mark.parametrize("part", [POST, POST + b"Content-Length: 100\r\n\r\n{"], ids=["in the header", "in the body"])
def test_a_slow_sender_is_cut_off(system, part):
    with socket.create_connection(("127.0.0.1", system.gateway.port), timeout=60) as connection:
        started = time.monotonic()
        connection.sendall(part)
        received = b""
        while more := connection.recv(65536):
            received += more
        # The system under test allows 3 s for a request to arrive.
        assert 2 < time.monotonic() - started < 20
    errors.check(parsed(received), 408, "deadline_exceeded")


def test_after_all_that_it_still_answers(system):
    assert system.recommend("calm").status == 200

"""What differs between an expected and an actual result, by the rules of the official runner.

Source: https://github.com/connectrpc/conformance, results.go and wire_details.go

One rule is ours. The official runner wants exactly the details that a case names; errors of ours carry
google.rpc.ErrorInfo, and google.rpc.RequestInfo where the status is 5xx, besides. Those two are passed over.
"""

from __future__ import annotations

import base64
import binascii
import json

from google.protobuf import json_format

from . import messages

TIMEOUT_GRACE_MS = 100


def result(expected, actual, other_codes: set[int] = frozenset()) -> list[str]:
    problems = _metadata(expected, actual)
    if expected.HasField("http_status_code") and expected.http_status_code != actual.http_status_code:
        problems.append(f"HTTP status {actual.http_status_code} instead of {expected.http_status_code}")
    if len(expected.payloads) != len(actual.payloads):
        problems.append(f"{len(actual.payloads)} payloads instead of {len(expected.payloads)}")
    for index, (wanted, got) in enumerate(zip(expected.payloads, actual.payloads, strict=False)):
        if wanted.data != got.data:
            problems.append(f"data {got.data!r} instead of {wanted.data!r}")
        problems += _request_info(wanted.request_info, got.request_info, is_first=index == 0)
    return problems + _error(expected, actual, other_codes)


def _metadata(expected, actual) -> list[str]:
    wanted = messages.fields_of(expected.response_headers), messages.fields_of(expected.response_trailers)
    got = messages.fields_of(actual.response_headers), messages.fields_of(actual.response_trailers)
    problems = _fields("response headers", wanted[0], got[0]) + _fields("response trailers", wanted[1], got[1])
    # Without a message, all of it may be in either place.
    merged = wanted[0] + wanted[1]
    if not expected.payloads and (not _fields("", merged, got[0]) or not _fields("", merged, got[1])):
        return []
    return problems


def _fields(where: str, expected, actual) -> list[str]:
    problems = []
    for name in dict.fromkeys(name for name, _ in expected):
        wanted = _values([value for other, value in expected if other == name])
        got = _values([value for other, value in actual if other == name])
        if wanted != got:
            problems.append(f"{where}: {name} is {got} instead of {wanted}")
    return problems


def _values(values: list[str]) -> list[str]:
    """Values as they are whether or not a library joined them, with a blank at the comma or without."""
    parts = []
    for value in values:
        split = value.split(",")
        for index, part in enumerate(split):
            part = part.removeprefix(" ") if index > 0 else part
            parts.append(part.removesuffix(" ") if index < len(split) - 1 else part)
    return parts


def _request_info(expected, actual, is_first: bool = True) -> list[str]:
    problems = []
    if is_first:
        problems += _fields(
            "request headers",
            messages.fields_of(expected.request_headers),
            messages.fields_of(actual.request_headers),
        )
        problems += _timeout(expected, actual)
        wanted, got = expected.connect_get_info.query_params, actual.connect_get_info.query_params
        if expected.HasField("connect_get_info"):
            problems += _fields("query", _spelled(wanted), _spelled(got))
    if len(expected.requests) != len(actual.requests):
        problems.append(f"{len(actual.requests)} requests echoed instead of {len(expected.requests)}")
    for wanted, got in zip(expected.requests, actual.requests, strict=False):
        if wanted.type_url != got.type_url or messages.unpacked(wanted) != messages.unpacked(got):
            problems.append("the echoed request is not the one that was sent")
    return problems


def _spelled(parameters) -> list[tuple[str, str]]:
    """The parameters of a GET with JSON in one spelling of the many that it has."""
    fields = messages.fields_of(parameters)
    if ("encoding", "json") not in fields:
        return fields
    return [
        (name, json.dumps(json.loads(value), sort_keys=True) if name == "message" else value)
        for name, value in fields
    ]


def _timeout(expected, actual) -> list[str]:
    if not expected.HasField("timeout_ms"):
        return [f"a timeout of {actual.timeout_ms} ms out of nowhere"] if actual.HasField("timeout_ms") else []
    if not actual.HasField("timeout_ms"):
        return ["the timeout is not echoed"]
    most = expected.timeout_ms
    if not max(most - TIMEOUT_GRACE_MS, 0) <= actual.timeout_ms <= most:
        return [f"a timeout of {actual.timeout_ms} ms instead of {most}"]
    return []


def is_ours(detail) -> bool:
    """Whether a detail is one that our errors carry besides what a handler gave them."""
    match messages.name_in(detail):
        case "google.rpc.ErrorInfo":
            return messages.unpacked(detail).domain == "netflixgpt"
        case "google.rpc.RequestInfo":
            return True
    return False


def _error(expected, actual, other_codes: set[int]) -> list[str]:
    if not expected.HasField("error"):
        return [f"an error: {actual.error}"] if actual.HasField("error") else []
    if not actual.HasField("error"):
        return ["no error"]
    wanted, got = expected.error, actual.error
    problems = []
    if got.code != wanted.code and got.code not in other_codes:
        problems.append(f"code {_name(got.code)} instead of {_name(wanted.code)}")
    if wanted.HasField("message") and wanted.message != got.message:
        problems.append(f"message {got.message!r} instead of {wanted.message!r}")
    details = [detail for detail in got.details if not is_ours(detail)]
    if len(details) != len(wanted.details):
        names = [messages.name_in(detail) for detail in details]
        problems.append(f"details {names} instead of {len(wanted.details)}")
    for one, other in zip(wanted.details, details, strict=False):
        if one.type_url != other.type_url:
            problems.append(f"a detail {other.type_url} instead of {one.type_url}")
        elif messages.name_in(one) == messages.RequestInfo.DESCRIPTOR.full_name:
            problems += _request_info(messages.unpacked(one), messages.unpacked(other))
        elif messages.unpacked(one) != messages.unpacked(other):
            problems.append(f"the detail {one.type_url} differs")
    return problems


def _name(code: int) -> str:
    return messages.CODES[code - 1] if 1 <= code <= 16 else str(code)


class Repeated(ValueError):
    """A JSON object has a key twice."""


def _unrepeated(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise Repeated(f"a key twice among {keys}")
    return dict(pairs)


def error_body(body: bytes) -> tuple[object, list[str]]:
    """The error in a JSON body, as the message `Error`, and what is wrong with the JSON itself."""
    error = messages.kind("Error")()
    try:
        value = json.loads(body, object_pairs_hook=_unrepeated)
    except ValueError as failure:
        return error, [f"error JSON: {failure}"]
    if not isinstance(value, dict):
        return error, ["error JSON: no object"]
    problems = [f"error JSON: key {key!r}" for key in value.keys() - {"code", "message", "details"}]
    if value.get("code") in messages.CODES:
        error.code = messages.CODES.index(value["code"]) + 1
    else:
        problems.append(f"error JSON: code {value.get('code')!r}")
    if isinstance(value.get("message", ""), str):
        error.message = value.get("message", "")
    else:
        problems.append("error JSON: the message is no string")
    details = value.get("details", [])
    if not isinstance(details, list):
        return error, problems + ["error JSON: the details are no list"]
    for detail in details:
        problems += [f"error JSON: {problem}" for problem in _detail(detail, error)]
    return error, problems


def _detail(detail, error) -> list[str]:
    if not isinstance(detail, dict):
        return ["a detail is no object"]
    problems = [f"key {key!r} in a detail" for key in detail.keys() - {"type", "value", "debug"}]
    name, value = detail.get("type"), detail.get("value")
    if not isinstance(name, str) or not isinstance(value, str):
        return problems + ["a detail without type or value"]
    try:
        if "=" in value:
            problems.append("padded base64")
        packed = base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except binascii.Error:
        return problems + ["a value is no base64"]
    error.details.add(type_url=f"type.googleapis.com/{name}", value=packed)
    if "debug" in detail:
        try:
            shown = json_format.ParseDict(detail["debug"], messages.kind(name)())
            if shown != messages.kind(name).FromString(packed):
                problems.append(f"the debug of {name} says something else than its value")
        except (KeyError, json_format.ParseError) as failure:
            problems.append(f"the debug of {name} can't be read: {failure}")
    return problems

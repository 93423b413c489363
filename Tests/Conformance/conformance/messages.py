"""The messages of the cases, made at run time from the descriptors that the repository holds."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path

from google.protobuf import (
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    json_format,
    message_factory,
)

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "connectrpc.conformance.v1"
# The names of the codes, from 1 on, and their HTTP statuses.
STATUSES = {
    "canceled": 499,
    "unknown": 500,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
    "unauthenticated": 401,
}
CODES = list(STATUSES)
# What a client infers from a response that names no code; every other status is unknown.
INFERRED = {
    400: "internal",
    401: "unauthenticated",
    403: "permission_denied",
    404: "unimplemented",
    429: "unavailable",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}
KNOWN = {module.DESCRIPTOR.name for module in (any_pb2, descriptor_pb2, duration_pb2)}

_pool = descriptor_pool.Default()
for _schema in (
    ROOT / "Tests/Conformance/Messages/Generated/schema.binpb",
    # For the error details of google.rpc.
    ROOT / "Shared/Contracts/Resources/schema.binpb",
):
    for _file in descriptor_pb2.FileDescriptorSet.FromString(_schema.read_bytes()).file:
        if _file.name not in KNOWN:
            KNOWN.add(_file.name)
            _pool.AddSerializedFile(_file.SerializeToString())


def kind(name: str):
    """The class of a message by its full name, or by its name in the package of the cases."""
    full = name if "." in name and not name.startswith("ConformancePayload.") else f"{PACKAGE}.{name}"
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(full))


ClientCompatRequest = kind("ClientCompatRequest")
ClientResponseResult = kind("ClientResponseResult")
RequestInfo = kind("ConformancePayload.RequestInfo")


def from_json(name: str, value):
    """A message from what a JSON or YAML parser gave."""
    return json_format.ParseDict(value or {}, kind(name)())


def name_in(packed) -> str:
    return packed.type_url.rpartition("/")[2]


def unpacked(packed):
    """The message inside an `Any`."""
    return kind(name_in(packed)).FromString(packed.value)


def pack(message):
    packed = any_pb2.Any()
    packed.Pack(message, deterministic=True)
    return packed


def encode(message, codec: str) -> bytes:
    if codec == "proto":
        return message.SerializeToString(deterministic=True)
    return json.dumps(json_format.MessageToDict(message), separators=(",", ":"), ensure_ascii=False).encode()


def decode(name: str, codec: str, body: bytes):
    return kind(name).FromString(body) if codec == "proto" else json_format.Parse(body, kind(name)())


def contents(part) -> bytes:
    """The bytes of a `MessageContents`. Compressions other than gzip are left out: whoever is tested knows
    none of them and must say so by the name of the encoding alone."""
    match part.WhichOneof("data"):
        case "binary":
            body = part.binary
        case "text":
            body = part.text.encode()
        case "binary_message":
            body = part.binary_message.value
        case _:
            body = b""
    return gzip.compress(body) if part.compression == 2 else body


def envelope(flags: int, payload: bytes, length: int | None = None) -> bytes:
    """A message of a stream as it stands on the wire."""
    return struct.pack(">BI", flags, len(payload) if length is None else length) + payload


def enveloped(stream) -> list[bytes]:
    """The envelopes of a `StreamContents`."""
    return [
        envelope(item.flags, contents(item.payload), item.length if item.HasField("length") else None)
        for item in stream.items
    ]


def fields_of(headers) -> list[tuple[str, str]]:
    return [(header.name.lower(), value) for header in headers for value in header.value]


def headers_of(fields) -> list:
    """One header for each name, with all its values."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    return [kind("Header")(name=name, value=list(each)) for name, each in values.items()]


def split_trailers(fields) -> tuple[list, list]:
    """Headers and trailers of a unary response, whose trailers are headers with a prefix."""
    prefix = "trailer-"
    headers = [(name, value) for name, value in fields if not name.startswith(prefix)]
    trailers = [(name[len(prefix) :], value) for name, value in fields if name.startswith(prefix)]
    return headers_of(headers), headers_of(trailers)

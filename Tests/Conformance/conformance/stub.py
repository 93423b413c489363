"""A Connect server that answers as it is told, well or badly, for the client's cases.

It leaves time limits to the client, so that a client without one is found out.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from collections.abc import Iterable
from typing import Self

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from google.protobuf import json_format

from . import messages
from .cases import MUTUAL, PLAIN, TLS
from .certificates import Certificates

NAME = "x-test-case-name"
JSON = ("content-type", "application/json")


class Stub:
    """Serves from its own threads for as long as the scope lasts."""

    def __init__(self, certificates: Certificates):
        self.certificates = certificates

    def __enter__(self) -> Self:
        self.seen: dict[str, list[str]] = {}
        self.count: dict[str, int] = {}
        self.noted = threading.Condition()
        self.listeners = {}
        for version, security in itertools.product((1, 2), (PLAIN, TLS, MUTUAL)):
            listener = socket.create_server(("127.0.0.1", 0))
            self.listeners[version, security] = listener
            context = self.certificates.of_server(version, security)
            threading.Thread(target=self._accept, args=(listener, version, context), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        for listener in self.listeners.values():
            listener.close()

    def address(self, version: int, security: str) -> tuple[str, int]:
        """Where this version of HTTP is spoken, and no other."""
        return self.listeners[version, security].getsockname()

    def problems(self, name: str, may_be_none: bool) -> list[str]:
        """What was wrong with the requests of a case whose client has ended."""
        with self.noted:
            # A client that canceled may have ended before its request is read here, or has left at all.
            self.noted.wait_for(lambda: name in self.count, timeout=2)
            count = self.count.get(name, 0)
            if count == 1 or (count == 0 and may_be_none):
                return self.seen.get(name, [])
            return self.seen.get(name, []) + [f"{count} requests instead of one"]

    def _accept(self, listener: socket.socket, version: int, context: ssl.SSLContext | None) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer, version, context), daemon=True).start()

    def _serve(self, peer: socket.socket, version: int, context: ssl.SSLContext | None) -> None:
        with peer:
            try:
                if context is not None:
                    peer = context.wrap_socket(peer, server_side=True)
                with peer:
                    (self._serve_http2 if version == 2 else self._serve_http1)(peer)
            except (OSError, h2.exceptions.ProtocolError):
                # The client has gone, as it does when its time is up or it was told to cancel.
                return

    def _serve_http2(self, peer: socket.socket) -> None:
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        connection = h2.connection.H2Connection(config)
        heads: dict[int, list[tuple[str, str]]] = {}
        bodies: dict[int, bytes] = {}
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        while data := peer.recv(65536):
            for event in connection.receive_data(data):
                match event:
                    case h2.events.RequestReceived():
                        heads[event.stream_id] = list(event.headers)
                        bodies[event.stream_id] = b""
                    case h2.events.DataReceived():
                        bodies[event.stream_id] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.StreamEnded():
                        call = Call(heads[event.stream_id], bodies[event.stream_id])
                        self._note(call)
                        status, fields, pieces = call.response()
                        connection.send_headers(event.stream_id, [(":status", str(status)), *fields])
                        for piece in pieces:
                            connection.send_data(event.stream_id, piece)
                            peer.sendall(connection.data_to_send())
                        connection.end_stream(event.stream_id)
            peer.sendall(connection.data_to_send())

    def _serve_http1(self, peer: socket.socket) -> None:
        stream = peer.makefile("rb")
        while line := stream.readline():
            verb, path, _ = line.decode().split()
            head = [(":method", verb), (":path", path)]
            while (line := stream.readline().strip()):
                name, _, value = line.decode().partition(":")
                head.append((name.lower(), value.strip()))
            length = next((int(value) for name, value in head if name == "content-length"), 0)
            call = Call(head, stream.read(length))
            self._note(call)
            status, fields, pieces = call.response()
            lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in fields)]
            lines += ["transfer-encoding: chunked", "", ""]
            peer.sendall("\r\n".join(lines).encode())
            for piece in pieces:
                if piece:
                    peer.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            peer.sendall(b"0\r\n\r\n")

    def _note(self, call: Call) -> None:
        with self.noted:
            self.seen.setdefault(call.name, []).extend(call.problems())
            self.count[call.name] = self.count.get(call.name, 0) + 1
            self.noted.notify_all()


class Call:
    """One request that has arrived whole."""

    def __init__(self, head: list[tuple[str, str]], body: bytes):
        pseudo = {name: value for name, value in head if name.startswith(":")}
        self.verb = pseudo[":method"]
        self.path, _, query = pseudo[":path"].partition("?")
        self.query = urllib.parse.parse_qsl(query, keep_blank_values=True)
        self.fields = [(name, value) for name, value in head if not name.startswith(":")]
        self.body = body
        self.name = self._field(NAME) or ""
        kind = (self._field("content-type") or "").removeprefix("application/")
        self.is_stream = kind.startswith("connect+")
        self.codec = self._parameter("encoding") if self.verb == "GET" else kind.removeprefix("connect+")

    def _field(self, name: str) -> str | None:
        return next((value for other, value in self.fields if other == name), None)

    def _parameter(self, name: str) -> str | None:
        return next((value for other, value in self.query if other == name), None)

    @property
    def message(self) -> bytes:
        """What a unary call carries, without its compression."""
        if self.verb != "GET":
            return gzip.decompress(self.body) if self._field("content-encoding") == "gzip" else self.body
        message = (self._parameter("message") or "").encode()
        if self._parameter("base64") == "1":
            message = base64.urlsafe_b64decode(message + b"=" * (-len(message) % 4))
        return gzip.decompress(message) if self._parameter("compression") == "gzip" else message

    @property
    def encoding(self) -> str | None:
        """How the client says that its message is compressed."""
        if self.verb == "GET":
            return self._parameter("compression")
        return self._field("connect-content-encoding" if self.is_stream else "content-encoding")

    def problems(self) -> list[str]:
        """What a conforming client would not send."""
        wanted = self._field("x-expect-http-method")
        problems = [] if self.verb == wanted else [f"HTTP method {self.verb} instead of {wanted}"]
        if self.verb == "GET":
            for name in ("content-type", "content-encoding", "connect-protocol-version", "content-length"):
                if self._field(name) is not None:
                    problems.append(f"a GET with {name}")
            if self._parameter("connect") != "v1":
                problems.append("no connect=v1")
        for name in (
            "content-type",
            "content-encoding",
            "connect-content-encoding",
            "connect-protocol-version",
            "connect-timeout-ms",
        ):
            count = sum(other == name for other, _ in self.fields)
            if count > 1:
                problems.append(f"{name} comes {count} times")
        wanted = self._field("x-expect-codec")
        if self.codec != wanted:
            problems.append(f"content type {self._field('content-type')} instead of application/{wanted}")
        if self.verb == "POST" and self._field("connect-protocol-version") != "1":
            problems.append("no connect-protocol-version")
        compression = self._field("x-expect-compression")
        # A message without a byte may be left as it is.
        is_empty = self.verb == "POST" and not (self.body[5:] if self.is_stream else self.body)
        if (self.encoding or "identity") != compression and not is_empty:
            problems.append(f"compression {self.encoding} instead of {compression}")
        if self.is_stream != (self.path.rpartition("/")[2] == "ServerStream"):
            problems.append(f"content type {self._field('content-type')} for {self.path}")
        timeout = self._field("connect-timeout-ms")
        if timeout is not None and not (timeout.isascii() and timeout.isdigit() and len(timeout) <= 10):
            problems.append(f"a timeout of {timeout!r}")
        return problems

    def response(self) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
        """Status, fields and the pieces of the body, which may take their time."""
        method = self.path.rpartition("/")[2]
        if method == "ServerStream":
            return self._stream()
        if method not in ("Unary", "IdempotentUnary"):
            return self._compressed(501, [JSON], json.dumps({"code": "unimplemented"}).encode())
        request = messages.decode(f"{method}Request", self.codec, self.message)
        definition = request.response_definition
        if definition.HasField("raw_response"):
            return _raw(definition.raw_response)
        time.sleep(definition.response_delay_ms / 1000)
        info = self._info(request)
        fields = messages.fields_of(definition.response_headers)
        for name, value in messages.fields_of(definition.response_trailers):
            fields.append((f"trailer-{name}", value))
        if definition.WhichOneof("response") == "error":
            definition.error.details.append(messages.pack(info))
            status = messages.STATUSES[messages.CODES[definition.error.code - 1]]
            return self._compressed(status, [JSON, *fields], json.dumps(_error(definition.error)).encode())
        reply = messages.kind(f"{method}Response")()
        reply.payload.data = definition.response_data
        reply.payload.request_info.CopyFrom(info)
        fields.append(("content-type", f"application/{self.codec}"))
        return self._compressed(200, fields, messages.encode(reply, self.codec))

    def _info(self, request):
        info = messages.RequestInfo(request_headers=messages.headers_of(self.fields))
        info.requests.append(messages.pack(request))
        if timeout := self._field("connect-timeout-ms"):
            info.timeout_ms = int(timeout)
        if self.verb == "GET":
            info.connect_get_info.query_params.extend(messages.headers_of(self.query))
        return info

    def _stream(self) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
        flags, length = struct.unpack(">BI", self.body[:5])
        body = self.body[5:]
        if length != len(body):
            return 400, [JSON], [b"{}"]
        body = gzip.decompress(body) if flags & 1 else body
        request = messages.decode("ServerStreamRequest", self.codec, body)
        definition = request.response_definition
        if definition.HasField("raw_response"):
            return _raw(definition.raw_response)
        fields = messages.fields_of(definition.response_headers)
        fields.append(("content-type", f"application/connect+{self.codec}"))
        if self._takes_gzip:
            fields.append(("connect-content-encoding", "gzip"))
        return 200, fields, self._envelopes(request)

    def _envelopes(self, request) -> Iterable[bytes]:
        definition = request.response_definition
        info = self._info(request)
        for index, data in enumerate(definition.response_data):
            time.sleep(definition.response_delay_ms / 1000)
            reply = messages.kind("ServerStreamResponse")()
            reply.payload.data = data
            if index == 0:
                reply.payload.request_info.CopyFrom(info)
            yield self._envelope(0, messages.encode(reply, self.codec))
        end = {}
        if definition.HasField("error"):
            if not definition.response_data:
                definition.error.details.append(messages.pack(info))
            end["error"] = _error(definition.error)
        for name, value in messages.fields_of(definition.response_trailers):
            end.setdefault("metadata", {}).setdefault(name, []).append(value)
        yield self._envelope(2, json.dumps(end).encode())

    def _envelope(self, flags: int, payload: bytes) -> bytes:
        if self._takes_gzip:
            return messages.envelope(flags | 1, gzip.compress(payload))
        return messages.envelope(flags, payload)

    @property
    def _takes_gzip(self) -> bool:
        """Whether the case is about gzip and the client takes it."""
        accepted = self._field("connect-accept-encoding" if self.is_stream else "accept-encoding") or ""
        return self._field("x-expect-compression") == "gzip" and "gzip" in accepted

    def _compressed(self, status: int, fields, body: bytes) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
        """Gzipped, however small, where that may be."""
        if self._takes_gzip:
            return status, [*fields, ("content-encoding", "gzip")], [gzip.compress(body)]
        return status, list(fields), [body]


def _raw(raw) -> tuple[int, list[tuple[str, str]], Iterable[bytes]]:
    pieces = messages.enveloped(raw.stream) if raw.HasField("stream") else [messages.contents(raw.unary)]
    return raw.status_code or 200, messages.fields_of(raw.headers), pieces


def _error(error) -> dict:
    body = {"code": messages.CODES[error.code - 1], "details": []}
    if error.HasField("message"):
        body["message"] = error.message
    for detail in error.details:
        body["details"].append(
            {
                "type": messages.name_in(detail),
                "value": base64.b64encode(detail.value).decode().rstrip("="),
                "debug": json_format.MessageToDict(messages.unpacked(detail)),
            }
        )
    return body

"""The cases of the YAML files, each as often as HTTP versions, codecs and compressions make it."""

from __future__ import annotations

import base64
import copy
import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import yaml

from . import messages

# The runner's own limits. Source: connectrpc/conformance, test_case_library.go
SERVER_LIMIT = 200 * 1024
CLIENT_LIMIT = 1024 * 1024

UNARY = "STREAM_TYPE_UNARY"
SERVER_STREAM = "STREAM_TYPE_SERVER_STREAM"
# Stream types that both sides of ours have.
BUILT = {UNARY, SERVER_STREAM}
# How a connection is made: in plain text, by TLS, or by TLS with certificates on both sides.
PLAIN, TLS, MUTUAL = "plain", "TLS", "TLS with client certificates"
# The official suite of client certificates has one case, whose request is a stream: these are tried so besides.
MUTUAL_SUITES = {"Basic"}
BIDI = {"STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM", "STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM"}


@dataclasses.dataclass(frozen=True)
class Case:
    suite: str
    # "server" or "client": which of ours is tested.
    mode: str
    name: str
    protocol: str
    http: int
    codec: str
    gzip: bool
    security: str
    # Why it does not concern us, or None.
    inapplicable: str | None
    # As in the file.
    definition: dict = dataclasses.field(hash=False, compare=False)

    @property
    def title(self) -> str:
        compression = "gzip" if self.gzip else "identity"
        return f"{self.mode}: {self.suite}/HTTP {self.http}/{self.codec}/{compression}/{self.security}/{self.name}"

    @property
    def is_stream(self) -> bool:
        return self.definition["request"]["streamType"] == SERVER_STREAM

    def request(self):
        """The call to make, padded as the case demands."""
        definition = copy.deepcopy(self.definition["request"])
        definition.pop("streamType")
        request = messages.from_json("ClientCompatRequest", definition)
        request.test_name = self.title
        request.http_version = self.http
        request.codec = 2 if self.codec == "json" else 1
        request.compression = 2 if self.gzip else 1
        request.message_receive_limit = CLIENT_LIMIT
        request.service = request.service or f"{messages.PACKAGE}.ConformanceService"
        request.method = request.method or ("ServerStream" if self.is_stream else "Unary")
        for packed, size in zip(request.request_messages, self.definition.get("expandRequests", []), strict=False):
            self._pad(packed, size.get("sizeRelativeToLimit"))
        return request

    @staticmethod
    def _pad(packed, relative: int | None) -> None:
        if relative is None:
            return
        message = messages.unpacked(packed)
        total = SERVER_LIMIT + relative
        # The length of the padding's length changes once at most.
        for _ in range(3):
            missing = total - message.ByteSize()
            message.request_data = bytes(max(len(message.request_data) + missing, 0))
        if message.ByteSize() != total:
            raise ValueError(f"no padding makes {total} bytes")
        packed.CopyFrom(messages.pack(message))

    def expected(self, request, default_timeout_ms: int | None = None):
        """The result the case names or, where it names none, the one its request asks for.

        The time limit is what a client states where the request has none.
        """
        if self.definition.get("expectedResponse") is not None:
            # Whoever sends one message has none left to send.
            wanted = {k: v for k, v in self.definition["expectedResponse"].items() if k != "numUnsentRequests"}
            return messages.from_json("ClientResponseResult", wanted)
        packed = request.request_messages[0]
        definition = messages.unpacked(packed).response_definition
        info = messages.RequestInfo(request_headers=request.request_headers, requests=[packed])
        timeout = request.timeout_ms if request.HasField("timeout_ms") else default_timeout_ms
        if timeout is not None:
            info.timeout_ms = timeout
        if request.use_get_http_method:
            info.connect_get_info.query_params.extend(messages.headers_of(query(request, self.codec)))
        expected = messages.ClientResponseResult(
            response_headers=definition.response_headers, response_trailers=definition.response_trailers
        )
        if self.is_stream:
            for index, data in enumerate(definition.response_data):
                expected.payloads.add(data=data, request_info=None if index else info)
            if definition.HasField("error"):
                expected.error.CopyFrom(definition.error)
                if not expected.payloads:
                    expected.error.details.append(messages.pack(info))
        elif definition.WhichOneof("response") == "error":
            expected.error.CopyFrom(definition.error)
            expected.error.details.append(messages.pack(info))
        else:
            expected.payloads.add(data=definition.response_data, request_info=info)
        return expected

    @property
    def other_codes(self) -> set[int]:
        names = self.definition.get("otherAllowedErrorCodes", [])
        return {messages.CODES.index(name.removeprefix("CODE_").lower()) + 1 for name in names}


def query(request, codec: str) -> list[tuple[str, str]]:
    """The parameters of a GET that every server must understand."""
    body = messages.encode(messages.unpacked(request.request_messages[0]), codec)
    if codec == "json":
        return [("message", body.decode()), ("encoding", "json")]
    return [("message", base64.urlsafe_b64encode(body).decode().rstrip("=")), ("encoding", "proto")]


def load(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.yaml")):
        suite = yaml.safe_load(path.read_text())
        modes = {"TEST_MODE_SERVER": ["server"], "TEST_MODE_CLIENT": ["client"]}
        for mode in modes.get(suite.get("mode"), ["server", "client"]):
            yield from _expanded(suite, mode)


def _relevant(suite: dict, kind: str, default: list[str]) -> list[str]:
    """Those that a suite is about, among those that the runner takes by default."""
    names = suite.get(f"relevant{kind}") or default
    return [name for name in default if name in names]


def _expanded(suite: dict, mode: str) -> Iterator[Case]:
    axes = itertools.product(
        _relevant(suite, "Protocols", ["PROTOCOL_CONNECT", "PROTOCOL_GRPC", "PROTOCOL_GRPC_WEB"]),
        _relevant(suite, "HttpVersions", ["HTTP_VERSION_1", "HTTP_VERSION_2"]),
        _relevant(suite, "Codecs", ["CODEC_PROTO", "CODEC_JSON"]),
        _relevant(suite, "Compressions", ["COMPRESSION_IDENTITY", "COMPRESSION_GZIP"]),
        _securities(suite),
        suite["testCases"],
    )
    for protocol, version, codec, compression, security, definition in axes:
        request = definition["request"]
        is_old = version == "HTTP_VERSION_1"
        # The runner makes no such cases: gRPC and bidirectional streams need HTTP/2.
        if is_old and (protocol == "PROTOCOL_GRPC" or request["streamType"] in BIDI):
            continue
        yield Case(
            suite=suite["name"],
            mode=mode,
            name=request["testName"],
            protocol=protocol,
            http=1 if is_old else 2,
            codec=codec.removeprefix("CODEC_").lower(),
            gzip=compression == "COMPRESSION_GZIP",
            security=security,
            inapplicable=_inapplicable(mode, protocol, is_old, security, request),
            definition=definition,
        )


def _securities(suite: dict) -> list[str]:
    if suite.get("reliesOnTlsClientCerts"):
        return [MUTUAL]
    if suite.get("reliesOnTls"):
        return [TLS]
    return [PLAIN, TLS] + ([MUTUAL] if suite["name"] in MUTUAL_SUITES else [])


def _inapplicable(mode: str, protocol: str, is_old: bool, security: str, request: dict) -> str | None:
    if protocol != "PROTOCOL_CONNECT":
        return "gRPC and gRPC-Web are not our protocols"
    if request["streamType"] not in BUILT:
        return "a request of ours is one message, not a stream"
    if mode == "client" and is_old and security == MUTUAL:
        return "our client for HTTP/1.1, which is the one for providers, shows no certificate"
    return None

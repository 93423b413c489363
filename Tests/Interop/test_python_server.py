"""Our client against connectrpc's Python server, over every codec, encoding and version of HTTP."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from running import ROOT, free_port, generate

# Of the tests, so not among what is compiled for use.
CLIENT = ROOT / ".build/debug/conformance-client"
ENCODINGS = ["gzip", "identity"]


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """The ports of a server with gzip and of one without."""
    folder = tmp_path_factory.mktemp("messages")
    generate(ROOT / "Tests/Conformance/proto", folder / "conformance_messages")
    ports = {encoding: free_port() for encoding in ENCODINGS}
    program = Path(__file__).parent / "python_server.py"
    servers = []
    try:
        for encoding, port in ports.items():
            servers.append(subprocess.Popen([sys.executable, program, folder, str(port), encoding]))
        for port in ports.values():
            wait(port)
        yield ports
    finally:
        for server in servers:
            server.kill()
            server.wait()


def wait(port: int):
    deadline = time.monotonic() + 30
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture(params=["h1", "h2"])
def version(request):
    return "HTTP_VERSION_1" if request.param == "h1" else "HTTP_VERSION_2"


@pytest.fixture(params=["json", "proto"])
def codec(request):
    return f"CODEC_{request.param.upper()}"


@pytest.fixture(params=ENCODINGS)
def call(request, version, codec, ports):
    echoed = b"0123456789"

    def call(method: str, data: bytes = echoed, **options) -> dict:
        packed = {
            "@type": f"type.googleapis.com/connectrpc.conformance.v1.{method}Request",
            "requestData": base64.b64encode(data).decode(),
        }
        asked = {
            **{"host": "127.0.0.1", "port": ports[request.param], "httpVersion": version, "codec": codec},
            **{"compression": f"COMPRESSION_{request.param.upper()}"},
            **{"method": method, "messageReceiveLimit": 1 << 20, "requestMessages": [packed]},
        }
        command = [CLIENT]
        ended = subprocess.run(
            command, input=json.dumps(asked | options), capture_output=True, text=True, timeout=30
        )
        assert ended.returncode == 0, ended.stderr
        result = json.loads(ended.stdout)
        payloads = [base64.b64decode(payload["data"]) for payload in result.get("payloads", [])]
        return {"payloads": payloads, "error": result.get("error"), "echoed": echoed}

    return call


def test_unary(call):
    result = call("Unary")
    assert result["error"] is None and result["payloads"] == [result["echoed"]]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_call_without_side_effects(call, method):
    result = call("IdempotentUnary", useGetHttpMethod=method == "GET")
    assert result["error"] is None
    assert result["payloads"] == [method.encode() + b" " + result["echoed"]]


def test_stream(call):
    result = call("ServerStream")
    assert result["error"] is None and result["payloads"] == [b"first", b"first", result["echoed"]]


@pytest.mark.parametrize("method", ["Unary", "ServerStream"])
def test_an_error_carries_its_details(call, method):
    result = call(method, b"error")
    assert result["error"]["code"] == "CODE_ABORTED" and result["error"]["message"] == "enough"
    [detail] = result["error"]["details"]
    assert detail["@type"].endswith("connectrpc.conformance.v1.UnaryRequest")
    assert base64.b64decode(detail["requestData"]) == b"why"
    assert len(result["payloads"]) == (0 if method == "Unary" else 2)


@pytest.mark.parametrize("method", ["Unary", "ServerStream"])
def test_a_deadline(call, method):
    began = time.monotonic()
    assert call(method, b"slow", timeoutMs=300)["error"]["code"] == "CODE_DEADLINE_EXCEEDED"
    assert time.monotonic() - began < 4

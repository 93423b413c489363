"""Providers over HTTPS: HTTP/2 on few connections, proxies, and certificates that nobody vouches for."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
import trustme
from vendors import KEY

from running import Service, call, free_port

EXTRACT = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
HERE = Path(__file__).parent
CALLS = 100


class Secure:
    """A vendor over HTTPS that offers one protocol."""

    def __init__(self, folder: Path, alpn: str, pause: float):
        authority = trustme.CA()
        self.certificates = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.certificates))
        own = authority.issue_cert("localhost", "127.0.0.1")
        own.private_key_pem.write_to_path(str(folder / "key.pem"))
        for blob in own.cert_chain_pems:
            blob.write_to_path(str(folder / "certificate.pem"), append=True)
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                sys.executable,
                HERE / "tls_server.py",
                str(self.port),
                folder / "certificate.pem",
                folder / "key.pem",
                alpn,
                str(pause),
            ],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{HERE}:{HERE.parent}"},
        )
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            assert self.process.poll() is None
            time.sleep(0.05)

    def seen(self) -> dict:
        context = ssl.create_default_context(cafile=str(self.certificates))
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )
        return json.load(opener.open(f"https://localhost:{self.port}/seen", timeout=10))

    def settings(self) -> dict[str, str]:
        return {
            "EMOTION_PROVIDERS": "openai",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"https://localhost:{self.port}/v1",
            "PROVIDER_CA_FILE": str(self.certificates),
            "DRAIN_DELAY_SECONDS": "0",
        }


@pytest.fixture
def secure(tmp_path, request):
    alpn, pause = getattr(request, "param", ("h2", 0.05))
    server = Secure(tmp_path, alpn, pause)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(30)


@pytest.fixture
def start(tmp_path):
    services = []

    def start(settings: dict[str, str]) -> Service:
        services.append(Service("emotion-service", tmp_path, settings))
        return services[-1].start()

    yield start
    for service in services:
        service.kill()


def ask(service: Service, moods: list[str]) -> list:
    with concurrent.futures.ThreadPoolExecutor(len(moods)) as pool:
        return list(pool.map(lambda mood: call(service.port, EXTRACT, {"mood": mood}), moods))


@pytest.mark.parametrize("secure", [("h2", 0.05), ("http/1.1", 0.05)], indirect=True, ids=["h2", "http1"])
def test_calls_share_connections(secure, start):
    service = start(secure.settings())
    call(service.port, EXTRACT, {"mood": "first"})
    for batch in range(5):
        answers = ask(service, [f"mood {batch}.{number}" for number in range(CALLS)])
        assert {answer.status for answer in answers} == {200}, answers[0].body
        # Long enough that idle connections would be closed, short enough for a test.
        time.sleep(0.2)
    seen = secure.seen()
    connections = len(seen["connections"])
    print(f"{seen['requests']} calls, {connections} connections, at most {seen['most']} at once", seen["versions"])
    assert seen["requests"] == 5 * CALLS + 1
    if "2" in seen["versions"]:
        assert seen["versions"] == {"2": 501}
        # The first call made the connection that all others use.
        assert connections == 1 and seen["most"] > 20
    else:
        assert connections <= CALLS + 1


def test_a_cold_start_with_many_calls_makes_few_connections(secure, start):
    service = start(secure.settings())
    answers = ask(service, [f"mood {number}" for number in range(CALLS)])
    assert {answer.status for answer in answers} == {200}
    seen = secure.seen()
    print(f"{seen['requests']} calls at once, {len(seen['connections'])} connections")
    # Some begin before the first connection has shown that it can carry them all.
    assert len(seen["connections"]) <= CALLS // 4


def test_a_certificate_that_nobody_vouches_for_is_refused_in_plain_words(secure, tmp_path):
    settings = secure.settings()
    del settings["PROVIDER_CA_FILE"]
    result = Service("emotion-service", tmp_path, settings).run("doctor")
    assert result.returncode == 69
    assert "can't be reached: SSL peer certificate" in result.stdout, result.stdout
    assert secure.seen()["requests"] == 0


class Proxy(threading.Thread):
    """An HTTP proxy that opens tunnels, and notes to where."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        # Little is taken, and so acknowledged, of what nobody reads any more.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port = self.listener.getsockname()[1]
        self.tunnels: list[str] = []
        self.silent = threading.Event()
        self.ended = threading.Event()

    def fall_silent(self):
        """The tunnels that there are carry nothing any more, and aren't closed; new ones do."""
        self.silent.set()
        self.silent = threading.Event()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.tunnel, args=(client,), daemon=True).start()

    def tunnel(self, client: socket.socket):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        target = head.split(b" ")[1].decode()
        self.tunnels.append(target)
        server = socket.create_connection(("127.0.0.1", int(target.rsplit(":", 1)[1])))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        silent = self.silent
        threading.Thread(target=self.pump, args=(server, client, silent), daemon=True).start()
        self.pump(client, server, silent)

    def pump(self, source: socket.socket, sink: socket.socket, silent: threading.Event):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if silent.is_set():
                    self.ended.wait()
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


def test_a_proxy_of_the_environment_is_used(secure, start):
    proxy = Proxy()
    proxy.start()
    service = start(secure.settings() | {"https_proxy": f"http://127.0.0.1:{proxy.port}"})
    for number in range(3):
        assert call(service.port, EXTRACT, {"mood": f"mood {number}"}).status == 200
    assert proxy.tunnels == [f"localhost:{secure.port}"]
    assert secure.seen()["versions"] == {"2": 3}


def test_a_connection_that_is_silently_dead_is_replaced(secure, start):
    proxy = Proxy()
    proxy.start()
    service = start(secure.settings() | {"https_proxy": f"http://127.0.0.1:{proxy.port}"})
    assert call(service.port, EXTRACT, {"mood": "before"}).status == 200
    proxy.fall_silent()
    began = time.monotonic()
    status, number = None, 0
    # Each mood waits for less than what would have the provider rest.
    while status != 200 and time.monotonic() < began + 25:
        number += 1
        status = call(service.port, EXTRACT, {"mood": f"mood {number}"}, {"connect-timeout-ms": "500"}).status
    proxy.ended.set()
    print(f"answered {time.monotonic() - began:.1f} s after the connection died, by mood {number}")
    assert status == 200 and number > 1
    assert len(proxy.tunnels) == 2


def test_no_proxy_keeps_a_host_out_of_it(secure, start):
    service = start(secure.settings() | {"https_proxy": "http://127.0.0.1:9", "no_proxy": "localhost"})
    assert call(service.port, EXTRACT, {"mood": "direct"}).status == 200

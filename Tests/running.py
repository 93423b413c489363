"""The three executables as processes on free ports of 127.0.0.1, and plain HTTP/1.1 calls to them."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(os.environ.get("BIN", ROOT / ".build" / "debug")).resolve()
RECOMMEND = "/netflixgpt.recommendation.v1.RecommendationService/Recommend"
JSON = {"Content-Type": "application/json"}


def tool(name: str) -> str:
    """A tool of the Python that runs the tests, or of PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name) or name


def generate(proto: Path, package: Path):
    """Makes a Python package for connectrpc of .proto files, as any caller would."""
    package.mkdir()
    plugins = ",".join(
        f'{{"local":"{tool(name)}","out":"{package}"}}' for name in ("protoc-gen-py", "protoc-gen-connectrpc")
    )
    subprocess.run(
        [os.environ.get("BUF") or tool("buf"), "generate", proto]
        + ["--template", f'{{"version":"v2","plugins":[{plugins}]}}'],
        check=True,
    )


#: A port is given once in a run: two services of one port would answer for each other.
given: set[int] = set()


def free_port() -> int:
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        if port not in given:
            given.add(port)
            return port


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def send(port, method, path, body=None, headers=None, timeout=30) -> Answer:
    """One request on a connection of its own; header names come back in lower case."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, response.read())
    finally:
        connection.close()


def call(port, path, message, headers=None, timeout=30) -> Answer:
    return send(port, "POST", path, json.dumps(message), JSON | (headers or {}), timeout)


@contextlib.contextmanager
def foreign(arguments, environment: dict[str, str], log: Path, port: int, health: str):
    """A server that is none of ours, from when it says at `health` that it is well."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            arguments,
            env={"PATH": os.environ["PATH"], "HOME": str(log.parent)} | environment,
            stdout=output,
            stderr=output,
        )
    try:
        # Minutes on a busy machine: such servers import half of PyPI.
        for _ in range(3000):
            time.sleep(0.1)
            try:
                if send(port, "GET", health, timeout=5).status == 200:
                    break
            except OSError:
                assert process.poll() is None, log.read_text()[-3000:]
        yield
    finally:
        process.terminate()
        process.wait(60)


class Service:
    """One executable. What it prints goes to `log`."""

    #: How many were started in this run.
    started = 0

    def __init__(self, name: str, folder: Path, settings: dict[str, str]):
        self.name = name
        self.port = free_port()
        self.log = folder / f"{name}.log"
        self.folder = folder
        self.settings = settings | {"HOST": "127.0.0.1", "PORT": str(self.port)}
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return kept | self.settings

    def start(self, patience=60) -> Service:
        Service.started += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [BIN / self.name, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + patience
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log.read_text()[-2000:]}")
            try:
                if send(self.port, "GET", "/readyz", timeout=5).status == 200:
                    return self
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} is not ready: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def run(self, *arguments: str, timeout=600) -> subprocess.CompletedProcess:
        """Another command of the executable, with the same settings; what it prints is also kept in a file."""
        result = subprocess.run(
            [BIN / self.name, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        with (self.folder / f"{self.name}.{arguments[0].strip('-')}.out").open("a") as out:
            out.write(result.stdout + result.stderr)
        return result

    def signal(self, number: int):
        self.process.send_signal(number)

    def kill(self):
        """As `kill -9`."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def terminate(self, patience=60) -> int:
        """As SIGTERM; gives the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)


class System:
    """The three services of one test, with their data in `folder`."""

    def __init__(self, folder: Path, emotion=None, embedding=None, gateway=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.emotion = Service("emotion-service", folder, {"EMOTION_PROVIDERS": "local"} | (emotion or {}))
        self.embedding = Service("embedding-service", folder, {"EMBEDDING_PROVIDER": "local"} | (embedding or {}))
        self.gateway = Service(
            "recommendation-gateway",
            folder,
            {
                "EMOTION_SERVICE_URL": self.emotion.url,
                "EMBEDDING_SERVICE_URL": self.embedding.url,
                "CATALOG_STORE": f"sqlite:{folder / 'catalog.sqlite'}",
            }
            | (gateway or {}),
        )
        self.services = [self.emotion, self.embedding, self.gateway]

    def recommend(self, mood: str, headers=None, timeout=30, **fields) -> Answer:
        return call(self.gateway.port, RECOMMEND, {"mood": mood, **fields}, headers, timeout)

    def logs(self) -> str:
        return "\n".join(service.log.read_text() for service in self.services if service.log.exists())

    def stop(self):
        for service in reversed(self.services):
            service.kill()

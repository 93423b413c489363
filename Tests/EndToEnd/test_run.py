"""`deploy/run` from a second shell: started, asked, interrupted, started again."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from running import BIN, RECOMMEND, ROOT, call, free_port, send

README = (ROOT / "README.md").read_text()


class Run:
    def __init__(self, data: Path, **settings: str):
        self.ports = {name: free_port() for name in ("GATEWAY_PORT", "EMOTION_PORT", "EMBEDDING_PORT")}
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        ports = {name: str(port) for name, port in self.ports.items()}
        self.output = data / "output"
        self.started = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [ROOT / "deploy/run"],
                env=kept | ports | {"DATA_DIR": str(data), "BIN": str(BIN)} | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def until_ready(self) -> float:
        while "NetflixGPT is ready" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() - self.started < 300, self.text
            time.sleep(0.05)
        return time.monotonic() - self.started

    @property
    def text(self) -> str:
        return self.output.read_text()

    def answering(self) -> list[str]:
        found = []
        for name, port in self.ports.items():
            with contextlib.suppress(OSError):
                send(port, "GET", "/livez", timeout=2)
                found.append(name)
        return found

    def pid_of(self, executable: str) -> int:
        """Among the children of the script."""
        command = ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.process.pid)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return next(int(line.split()[0]) for line in output.splitlines() if f"/{executable} " in line)

    def end(self, number: int) -> int:
        # As a terminal does: to all of the script's process group.
        os.killpg(self.process.pid, number)
        return self.process.wait(60)


@pytest.fixture
def start(tmp_path):
    runs = []

    def make(**settings) -> Run:
        runs.append(Run(tmp_path, **settings))
        return runs[-1]

    yield make
    for run in runs:
        if run.process.poll() is None:
            run.end(signal.SIGTERM)


def test_it_starts_answers_ends_and_starts_again_at_once(start):
    first = start()
    first.until_ready()
    assert "Loading the starter catalog" in first.text
    # The answer that the README shows for the same mood.
    shown = re.search(r'"recommendations": \[\{\s+"title": \{"id": "(\w+)", "name": "([^"]+)"', README)
    assert f'"recommendations":[{{"title":{{"id":"{shown[1]}","name":"{shown[2]}"' in first.text
    assert len(first.answering()) == 3
    port = first.ports["GATEWAY_PORT"]
    assert call(port, RECOMMEND, {"mood": "calm"}).status == 200
    status = call(port, "/netflixgpt.catalog.v1.CatalogService/GetCatalogStatus", {}).json
    assert status["titles"] == 300
    assert first.end(signal.SIGINT) == 0
    assert first.answering() == []

    second = start()
    assert second.until_ready() < 15
    assert "Loading" not in second.text
    assert second.end(signal.SIGTERM) == 0
    assert second.answering() == []


def test_a_service_that_dies_is_started_again_and_ends_all_when_it_dies_at_once(start):
    run = start()
    run.until_ready()
    # One that has not lived for five seconds is not started again.
    time.sleep(6)
    first = run.pid_of("emotion-service")
    os.kill(first, signal.SIGKILL)
    port = run.ports["GATEWAY_PORT"]
    answers = []
    deadline = time.monotonic() + 20
    while not answers or "degraded" in answers[-1].json:
        assert time.monotonic() < deadline
        answers.append(call(port, RECOMMEND, {"mood": f"calm after storm number {len(answers)}"}))
        assert answers[-1].status == 200
    assert "emotion-service has ended and is started again" in run.text
    second = run.pid_of("emotion-service")
    assert second != first
    os.kill(second, signal.SIGKILL)
    assert run.process.wait(60) == 1
    assert run.answering() == []


def test_a_wrong_setting_is_passed_on_and_its_complaint_shown(start):
    run = start(EMOTION_PROVIDERS="oracle")
    assert run.process.wait(60) == 1
    assert "EMOTION_PROVIDERS" in run.text
    assert run.answering() == []


class Ready(BaseHTTPRequestHandler):
    """Says of every page that all is well, as another instance would."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_port_of_another_instance_is_told_before_anything_is_loaded_through_it(start):
    with HTTPServer(("127.0.0.1", 0), Ready) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        run = start(EMOTION_PORT=str(other.server_port))
        try:
            assert run.process.wait(60) == 1
        finally:
            other.shutdown()
    assert f"EMOTION_PORT: another process listens on port {other.server_port}" in run.text
    assert "Loading" not in run.text and "NetflixGPT is ready" not in run.text
    assert run.answering() == []

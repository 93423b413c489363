"""Processes of resilience-peer: servers whose behaviour can be changed, and a client under load."""

from __future__ import annotations

import collections
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from running import free_port  # noqa: E402

PEER = Path(os.environ["BIN"]) / "resilience-peer"
FOREIGN = Path(__file__).with_name("foreign.py")
KINDS = ("reqwest-h2", "reqwest-h1", "urllib3-h1")


class Replica:
    """A server; `prefix` is a command that starts it elsewhere, such as in another namespace."""

    def __init__(self, host="127.0.0.1", port=None, delay=20, prefix=()):
        self.host, self.port, self.delay, self.prefix = host, port or free_port(), delay, list(prefix)
        self.process = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def start(self) -> Replica:
        arguments = ["serve", "--host", self.host, "--port", str(self.port), "--delay", str(self.delay)]
        self.process = subprocess.Popen([*self.prefix, PEER, *arguments])
        deadline = time.monotonic() + 30
        while True:
            try:
                self.tell("")
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def tell(self, word) -> None:
        """Changes what calls meet: "fail", "heal" or milliseconds."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=5)
        try:
            connection.request("GET", f"/behave?{word}")
            connection.getresponse().read()
        finally:
            connection.close()

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Load:
    """A client under load; `lines` are what it printed so far, the last one sums up."""

    def __init__(self, targets, prefix=(), **options):
        arguments = ["load", "--targets", ",".join(targets)]
        for name, value in options.items():
            arguments += [f"--{name}", str(value)]
        self.lines: list[dict] = []
        self.process = subprocess.Popen([*prefix, PEER, *arguments], stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def wait(self, patience=900) -> dict:
        self.process.wait(patience)
        self.reader.join(10)
        return self.lines[-1]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()

    def until(self, check, patience=60.0) -> float | None:
        """Seconds until a line that `check` accepts came, or None; the line that sums up is none."""
        began = time.monotonic()
        seen = len(self.lines)
        while time.monotonic() - began < patience:
            if len(self.lines) > seen:
                line = self.lines[seen]
                seen += 1
                if line["isLast"]:
                    return None
                if check(line):
                    return time.monotonic() - began
            else:
                time.sleep(0.02)
        return None

    def since(self, start: int) -> dict:
        """Attempts by endpoint and failures by text in the lines from `start` on."""
        total = {"calls": 0, "attempts": collections.Counter(), "failures": collections.Counter()}
        for line in self.lines[start:]:
            total["calls"] += line["calls"]
            total["attempts"].update(line["attempts"])
            total["failures"].update(line["failures"])
        return total


class Foreign:
    """A caller of `foreign.py` under load."""

    def __init__(self, kind: str, calls: int, tasks: int, addresses: list[str]):
        urls = [f"http://{address}" for address in addresses]
        command = [sys.executable, FOREIGN, kind, str(calls), str(tasks), *urls]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def wait(self, patience=900) -> dict:
        return json.loads(self.process.communicate(timeout=patience)[0])

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def table(title: str, rows: list[tuple[str, str, str, bool]]) -> bool:
    """Prints what was measured beside what must hold; returns whether all of it holds."""
    print(f"\n## {title}\n\n| what | measured | must be | holds |\n|---|---|---|---|")
    for what, measured, bound, holds in rows:
        print(f"| {what} | {measured} | {bound} | {'yes' if holds else 'NO'} |")
    print(flush=True)
    return all(holds for *_, holds in rows)

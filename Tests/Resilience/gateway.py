"""The real gateway when the services behind it are gone."""

from __future__ import annotations

import collections
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from running import System, send  # noqa: E402

SERVICES = ("emotion-service", "embedding-service", "recommendation-gateway")
METHODS = {
    "emotion": "netflixgpt.emotion.v1.EmotionService/ExtractEmotions",
    "embedding": "netflixgpt.embedding.v1.EmbeddingService/Embed",
}
CALLS = 3000


def missing() -> list[str]:
    """The executables that are not there."""
    return [name for name in SERVICES if not (Path(os.environ["BIN"]) / name).exists()]


def total(text: str, name: str, method: str) -> float:
    """The sum of a metric's samples for one method."""
    line = re.compile(rf'^{name}{{[^}}]*rpc_method="{re.escape(method)}"[^}}]*}} (\S+)', re.MULTILINE)
    return sum(float(value) for value in line.findall(text))


def gone():
    """Rows about a gateway whose two services were killed, while callers go on."""
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder))
        try:
            system.emotion.start()
            system.embedding.start()
            system.gateway.run("ingest", "--starter")
            system.gateway.start()
            before = send(system.gateway.port, "GET", "/metrics").body.decode()
            system.emotion.kill()
            system.embedding.kill()

            def ask(number: int):
                began = time.monotonic()
                status = system.recommend(f"the {number}th evening alone").status
                return status, time.monotonic() - began

            with ThreadPoolExecutor(16) as pool:
                answers = list(pool.map(ask, range(CALLS)))
            text = send(system.gateway.port, "GET", "/metrics").body.decode()
        finally:
            system.stop()
    statuses = collections.Counter(status for status, _ in answers)
    slowest = max(seconds for _, seconds in answers)
    rows = [
        ("gateway: answers", str(dict(statuses)), "503 only", set(statuses) == {503}),
        ("gateway: slowest answer", f"{slowest * 1000:.0f} ms", "", True),
    ]
    for name, method in METHODS.items():
        calls, attempts = (
            total(text, metric, method) - total(before, metric, method)
            for metric in ("rpc_client_call_duration_seconds_count", "rpc_client_attempts_started_total")
        )
        ratio = attempts / calls if calls else float("inf")
        rows.append(
            (f"gateway to {name}: attempts / calls", f"{attempts:.0f} / {calls:.0f} = {ratio:.3f}")
            + ("at most 1.2", ratio <= 1.2)
        )
    return rows

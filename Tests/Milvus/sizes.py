"""The gateway on catalogs of any size in Milvus 2.3.5: memory, calls, and how long a change takes to be seen.

    BIN=.build/release .build/venv/bin/python Tests/Milvus/sizes.py 5850 100000 1000000

The titles are made up (`Tests/Benchmarks/CatalogCost`): eight of 2,000 emotions each, some 1.5 kB.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import measure  # noqa: E402
import servers  # noqa: E402

from running import BIN, System, call  # noqa: E402

STATUS = "/netflixgpt.catalog.v1.CatalogService/GetCatalogStatus"
SPACE = "/netflixgpt.embedding.v1.EmbeddingService/GetEmbeddingSpace"
#: Calls at each number of callers: fewer where one takes a third of a second of a core.
CALLS = {1: 60, 8: 120, 64: 128}


def megabytes(process: int) -> tuple[int, int]:
    """What a process has in memory, and had at most."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return int(sizes["VmRSS"]) >> 10, int(sizes["VmHWM"]) >> 10


def catalog_cost(command: str, store: str, space: dict, *more: str) -> str:
    own = ["--space", space["fingerprint"], "--dimensions", str(space["dimensions"])]
    result = subprocess.run([BIN / "catalog-cost", command, store, *more, *own], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def change(system: System, store: str, space: dict) -> str:
    """Adds a title and says when the gateway answers with it, and what it did meanwhile."""
    before = call(system.gateway.port, STATUS, {}).json
    seen: list[tuple[float, int]] = []
    ended = threading.Event()

    def ask():
        number = 0
        while not ended.is_set():
            number += 1
            started = time.time()
            answer = system.recommend(f"a quiet evening, {number}", timeout=120)
            seen.append((time.time() - started, answer.status))

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        changed = float(catalog_cost("change", store, space))
        while (status := call(system.gateway.port, STATUS, {}, timeout=120).json)["version"] == before["version"]:
            assert time.time() - changed < 600
            time.sleep(0.1)
        took = time.time() - changed
    finally:
        ended.set()
        asking.join()
    assert int(status["titles"]) == int(before["titles"]) + 1
    times = sorted(took for took, _ in seen)
    bad = sum(status != 200 for _, status in seen)
    return (
        f"a change was served after {took:.1f} s; meanwhile {len(seen)} calls of the version before, {bad} of them "
        f"failed, p50 {times[len(times) // 2] * 1000:.0f} ms, slowest {times[-1] * 1000:.0f} ms"
    )


def main(sizes: list[int]) -> int:
    if problem := servers.install():
        print(f"skipped: Milvus can't be installed from PyPI: {problem}")
        return 0
    with tempfile.TemporaryDirectory(prefix="milvus-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        milvus = servers.Milvus("2.3.5", folder / "server")
        stack.callback(milvus.stop)
        milvus.start()
        backends = System(folder / "backends")
        stack.callback(backends.stop)
        backends.emotion.start()
        backends.embedding.start()
        urls = {"EMOTION_SERVICE_URL": backends.emotion.url, "EMBEDDING_SERVICE_URL": backends.embedding.url}
        space = call(backends.embedding.port, SPACE, {}).json["space"]
        for size in sizes:
            store = f"{milvus.url}?prefix=made{size}"
            print(f"\n{size}: {catalog_cost('fill', store, space, str(size))}", flush=True)
            system = System(folder / str(size), gateway=urls | {"CATALOG_STORE": store, "DRAIN_DELAY_SECONDS": "0"})
            stack.callback(system.stop)
            started = time.monotonic()
            system.gateway.start(patience=600)
            ready = time.monotonic() - started
            now, most = megabytes(system.gateway.process.pid)
            print(f"{size}: ready after {ready:.1f} s with {now} MB, at most {most} MB", flush=True)
            for concurrency, count in CALLS.items():
                whole, search, refused = measure.calls(system.gateway.port, concurrency, count, f"{size}")
                print(
                    f"{size}: {concurrency} at a time, ms: {measure.quantiles(whole)}, of that search "
                    f"{measure.quantiles(search)}, {refused} refused",
                    flush=True,
                )
            print(f"{size}: {change(system, store, space)}")
            now, most = megabytes(system.gateway.process.pid)
            print(f"{size}: {now} MB after that, at most {most} MB; Milvus {megabytes(milvus.process.pid)[0]} MB")
            system.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main([int(size) for size in sys.argv[1:]]))

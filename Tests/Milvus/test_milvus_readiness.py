"""Readiness and metrics tell what is missing, and all of it comes back by itself."""

from __future__ import annotations

import re

import pytest
import servers
from watching import eventually, ready

import catalogs
from running import free_port, send


def readiness(system) -> str:
    return send(system.gateway.port, "GET", "/readyz", timeout=10).body.decode()


def metric(admin: int, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have the labels."""
    total = 0.0
    for line in send(admin, "GET", "/metrics").body.decode().splitlines():
        if line.startswith(name + "{") and all(f'{key}="{value}"' in line for key, value in labels.items()):
            total += float(re.search(r"\} ([0-9.e+-]+)", line)[1])
    return total


def test_readiness_says_what_is_missing_and_metrics_count_it(gateways, rows, tmp_path, elsewhere):
    server = servers.Milvus("lite-2.5.1", tmp_path / "server")
    try:
        server.start()
        admin = free_port()
        settings = {"ADMIN_PORT": str(admin), "CACHE_ENTRIES": "1", "ANSWER_CACHE_ENTRIES": "1"}
        system = gateways("ready", server.url, **settings)
        with pytest.raises(RuntimeError, match="not ready"):
            system.gateway.start(patience=3)
        told = {"empty": readiness(system)}
        assert "recommendation-gateway ingest" in told["empty"], told

        assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows[:40]))).returncode == 0
        assert eventually(lambda: ready(system) == 200, 30)
        before = metric(admin, "milvus_call_duration_seconds_count", rpc="Query")
        for number in range(5):
            assert system.recommend(f"a rainy evening, {number}").status == 200
        asked = metric(admin, "milvus_call_duration_seconds_count", rpc="Query") - before
        assert asked >= 5, asked
        assert metric(admin, "milvus_call_duration_seconds_sum", rpc="Query") > 0

        other = gateways("other", server.url, EMBEDDING_SERVICE_URL=elsewhere.url)
        with pytest.raises(RuntimeError, match="not ready"):
            other.gateway.start(patience=3)
        told["wrong space"] = readiness(other)
        assert "recommendation-gateway reindex" in told["wrong space"], told

        server.kill()
        assert eventually(lambda: ready(system) == 503, 20)
        assert eventually(lambda: "unreachable" in readiness(system), 20)
        told["not reachable"] = readiness(system)
        retries = metric(admin, "milvus_call_retries_total")
        assert retries > 0
        server.start()
        assert eventually(lambda: ready(system) == 200, 30)
        for name, text in told.items():
            print(f"\n{name}: {text.strip()}")
        print(f"{asked:.0f} queries for 5 answers, {retries:.0f} calls made again")
    finally:
        server.kill()

"""Recommend over three processes, ours and peers', in turns: throughput and CPU time of a request.

The services run on core 0 and the load on core 1. Rounds alternate, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import ast
import csv
import datetime
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from running import RECOMMEND, ROOT, System, call, free_port, send  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
STARTER = ROOT / "Services/RecommendationGateway/Resources/starter_catalog.csv"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def on_core_0(pids: list[int]):
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {0})


class Contestant:
    """Three running processes and the URL to put load on."""

    def __init__(self, name: str, url: str, pids: list[int]):
        self.name, self.url, self.pids = name, url, pids
        on_core_0(pids)

    def measure(self, cold: bool, seconds: int, salt: str) -> dict:
        before = [cpu_seconds(pid) for pid in self.pids]
        environment = {"PATH": os.environ["PATH"], "SALT": salt} | ({"COLD": "1"} if cold else {})
        output = subprocess.run(
            ["taskset", "-c", "1", "wrk", "-t1", "-c32", f"-d{seconds}s", "-s", HERE / "load.lua", self.url],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        numbers = next(line for line in output.splitlines() if line.startswith("RESULT")).split()[1:]
        requests, microseconds, wrong, broken, p50, p99 = map(int, numbers)
        if wrong or broken:
            raise RuntimeError(f"{self.name}: {wrong} refused and {broken} broken of {requests}\n{output}")
        used = [after - start for after, start in zip(map(cpu_seconds, self.pids), before, strict=True)]
        return {
            "rate": requests * 1e6 / microseconds,
            "cpu": sum(used) * 1e6 / requests,
            "gateway cpu": used[0] * 1e6 / requests,
            "p50": p50 / 1000,
            "p99": p99 / 1000,
        }


def ours(folder: Path) -> tuple[Contestant, System]:
    common = {"THREADS": "1", "LOG_LEVEL": "warning"}
    system = System(folder, common, common, common)
    system.emotion.start()
    system.embedding.start()
    system.gateway.run("ingest", "--starter")
    system.gateway.start()
    pids = [service.process.pid for service in (system.gateway, system.emotion, system.embedding)]
    return Contestant("NetflixGPT", system.gateway.url + RECOMMEND, pids), system


def peer_catalog(path: Path, dimensions: int):
    """As many titles, words and dimensions as ours; the vectors are random."""
    pick = random.Random(7)

    def unit():
        vector = [pick.gauss(0, 1) for _ in range(dimensions)]
        length = sum(value * value for value in vector) ** 0.5
        return [value / length for value in vector]

    with STARTER.open(newline="") as file:
        rows = list(csv.DictReader(file))
    words = [f"word{index}" for index in range(100)]
    titles = [
        {
            "id": row["id"],
            "name": row["title"],
            "type": "TITLE_TYPE_" + row["type"],
            "description": row["description"],
            "genres": ast.literal_eval(row["genres"]),
            "productionCountries": ast.literal_eval(row["production_countries"]),
            "ageRating": row["age_certification"],
            "annotatedBy": "local/affect",
            "releaseYear": int(row["release_year"]),
            "runtimeMinutes": int(float(row["runtime"] or 0)),
            "emojis": ["🎬", "🌊", "🏠"],
            "emotions": pick.sample(range(len(words)), 8),
        }
        for row in rows
    ]
    path.write_text(
        json.dumps(
            {
                "titles": titles,
                "words": words,
                "wordVectors": [unit() for _ in words],
                "contentVectors": [unit() for _ in titles],
            }
        )
    )


def peer(name: str, command, folder: Path, dimensions: int, processes: list) -> Contestant:
    """Three processes of a peer; `command` gives the command line for a port."""
    ports = {role: free_port() for role in ("gateway", "emotion", "embedding")}
    environment = os.environ | {
        # Threads of numpy's library would only wait for each other on one core.
        "OPENBLAS_NUM_THREADS": "1",
        "DIMENSIONS": str(dimensions),
        "CATALOG": str(folder / "peer.json"),
        "EMOTION_URL": f"http://127.0.0.1:{ports['emotion']}",
        "EMBEDDING_URL": f"http://127.0.0.1:{ports['embedding']}",
    }
    started = []
    for role, port in ports.items():
        process = subprocess.Popen(
            command(port),
            cwd=HERE / "peers",
            env=environment | {"ROLE": role, "PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        processes.append(process)
    answer = None
    for _ in range(200):
        try:
            answer = call(ports["gateway"], "/recommend", {"mood": "calm", "limit": 10}, timeout=5)
            if answer.status == 200:
                break
        except OSError:
            pass
        # The gateway may be up before the others.
        time.sleep(0.1)
    assert answer and answer.status == 200, f"{name} does not answer: {answer}"
    check(answer.json, name)
    print(f"{name}: {len(answer.body):,} bytes")
    return Contestant(name, f"http://127.0.0.1:{ports['gateway']}/recommend", [each.pid for each in started])


def check(body: dict, name: str):
    assert len(body["recommendations"]) == 10, name
    for item in body["recommendations"]:
        parts = item["explanation"]["emotions"] + [item["explanation"]["content"]]
        assert abs(sum(part["contribution"] for part in parts) - item["score"]) < 1e-4, name


def table(results: dict, first: str) -> list[str]:
    lines = [
        "| | requests/s | CPU µs/request, all three | of these the gateway | p50 ms | p99 ms | throughput | CPU |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, found in results.items():
        rate, cpu = results[first]["rate"] / found["rate"], found["cpu"] / results[first]["cpu"]
        lines.append(
            f"| {name} | {found['rate']:,.0f} | {found['cpu']:.0f} | {found['gateway cpu']:.0f} | {found['p50']:.2f} "
            f"| {found['p99']:.2f} | " + ("1 | 1 |" if name == first else f"{rate:.1f} x | {cpu:.1f} x |")
        )
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5, help="of one round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    processes: list[subprocess.Popen] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, system = ours(folder)
        try:
            space = call(system.embedding.port, "/netflixgpt.embedding.v1.EmbeddingService/GetEmbeddingSpace", {})
            dimensions = space.json["space"]["dimensions"]
            answer = system.recommend("calm", limit=10)
            check(answer.json, first.name)
            print(f"{first.name}: {len(answer.body):,} bytes")
            assert send(system.gateway.port, "GET", "/readyz").status == 200
            peer_catalog(folder / "peer.json", dimensions)
            uvicorn = [sys.executable, "-m", "uvicorn", "fastapi_peer:app", "--no-access-log"]
            contestants = [first]
            contestants.append(
                peer("FastAPI", lambda port: [*uvicorn, "--port", str(port)], folder, dimensions, processes)
            )
            if node := shutil.which("node"):
                contestants.append(peer("Node", lambda _: [node, "node_peer.mjs"], folder, dimensions, processes))
            print(f"{datetime.date.today()}, {cpu_name()}, services on one core, wrk -t1 -c32 on the other,")
            print(f"median of {options.rounds} rounds of {options.seconds} s; {dimensions} dimensions.")
            for title, cold in (("Warm: the same mood", False), ("Cold: every mood is new", True)):
                rounds: dict[str, list[dict]] = {each.name: [] for each in contestants}
                for number in range(-1, options.rounds):
                    for each in contestants:
                        # The first round warms up and does not count.
                        found = each.measure(cold, options.seconds if number >= 0 else 2, f"{number + 1}-")
                        if number >= 0:
                            rounds[each.name].append(found)
                medians = {
                    name: {key: statistics.median(each[key] for each in found) for key in found[0]}
                    for name, found in rounds.items()
                }
                print(f"\n{title}\n")
                print("\n".join(table(medians, first.name)), flush=True)
        finally:
            system.stop()
            for process in processes:
                process.kill()


def cpu_name() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown CPU")


if __name__ == "__main__":
    main()

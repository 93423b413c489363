"""The whole product on Milvus 2.3.5 beside SQLite, with a catalog of any size; prints tables.

    .build/venv/bin/python Tests/Milvus/measure.py FILE.csv   loads it, compares 200 moods, measures calls

What a gateway on pymilvus would have to do at least stands beside: one search for the emotions nearest to four
words, and one query for ten records.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import re
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import servers  # noqa: E402

from running import JSON, RECOMMEND, ROOT, System  # noqa: E402

MOODS = ROOT / "Tests" / "LocalModelsTests" / "Moods" / "frozen_moods.tsv"
CALLS = {1: 200, 8: 400, 64: 640}

PYMILVUS = """
import concurrent.futures, json, random, sys, time
names = client.query("netflixgpt_emotions", filter="has_vector == true", output_fields=["emotion", "vector"])
ids = [row["id_hash"] for row in client.query("netflixgpt_titles", filter="gone == false", output_fields=["id_hash"],
                                             limit=2000)]
vectors = [row["vector"] for row in names]
pick = random.Random(1)
def one(_):
    started = time.perf_counter()
    client.search("netflixgpt_emotions", pick.sample(vectors, 4), limit=len(vectors), output_fields=["emotion"],
                  consistency_level="Bounded")
    client.query("netflixgpt_titles", filter=f"id_hash in {pick.sample(ids, 10)}", output_fields=["record"],
                 consistency_level="Bounded")
    return time.perf_counter() - started
times = {}
for concurrency, calls in json.loads(sys.argv[1]).items():
    with concurrent.futures.ThreadPoolExecutor(int(concurrency)) as pool:
        times[concurrency] = list(pool.map(one, range(calls)))
print(json.dumps(times))
"""


def moods() -> list[str]:
    lines = MOODS.read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if line.strip()][:200]


def quantiles(times: list[float]) -> str:
    if not times:
        return "none answered"
    ordered = sorted(times)
    pick = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.99)]
    return f"{pick[0] * 1000:7.1f} / {pick[1] * 1000:7.1f}"


def calls(port: int, concurrency: int, count: int, salt: str) -> tuple[list[float], list[float], int]:
    """Times of calls, and of their search alone, in seconds, with moods that nobody asked before.

    Calls that were refused as too many are counted last.
    """
    texts = [f"{mood} {salt} {concurrency} {number}" for number, mood in zip(range(count), moods() * 4, strict=False)]

    def ask(part: list[str]) -> list[tuple[float, float]]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        times = []
        for text in part:
            started = time.perf_counter()
            connection.request("POST", RECOMMEND, json.dumps({"mood": text}), JSON)
            answer = connection.getresponse()
            answer.read()
            took = time.perf_counter() - started
            assert answer.status in (200, 429, 503), answer.status
            if answer.status != 200:
                continue
            search = re.search(r"search;dur=([0-9.]+)", answer.getheader("server-timing", ""))
            times.append((took, float(search[1]) / 1000 if search else 0.0))
        connection.close()
        return times

    parts = [texts[start::concurrency] for start in range(concurrency)]
    with concurrent.futures.ThreadPoolExecutor(concurrency) as pool:
        times = [time for part in pool.map(ask, parts) for time in part]
    return [took for took, _ in times], [search for _, search in times], count - len(times)


def main(file: str) -> int:
    if problem := servers.install():
        print(f"skipped: Milvus can't be installed from PyPI: {problem}")
        return 0
    with tempfile.TemporaryDirectory(prefix="milvus-") as name:
        folder = Path(name)
        milvus = servers.Milvus("2.3.5", folder / "server")
        stores = {"SQLite": f"sqlite:{folder / 'catalog.sqlite'}", "Milvus": milvus.url}
        systems = {kind: System(folder / kind) for kind in stores}
        first = systems["SQLite"]
        try:
            milvus.start()
            first.emotion.start()
            first.embedding.start()
            urls = {"EMOTION_SERVICE_URL": first.emotion.url, "EMBEDDING_SERVICE_URL": first.embedding.url}
            digests = {}
            for kind, system in systems.items():
                system.gateway.settings |= urls | {"CATALOG_STORE": stores[kind]}
                started = time.monotonic()
                result = system.gateway.run("ingest", file, timeout=3000)
                took = time.monotonic() - started
                stored = int(re.match(r"(\d+) titles stored", result.stdout)[1])
                digests[kind] = result.stdout.strip().splitlines()[-1]
                print(f"ingest into {kind}: {stored} titles in {took:.1f} s, {stored / took:.0f}/s, {digests[kind]}")
                started = time.monotonic()
                system.gateway.start(patience=120)
                print(f"gateway on {kind} ready after {time.monotonic() - started:.2f} s", flush=True)
            equal = 0
            for mood in moods():
                answers = [system.recommend(mood, limit=20).json for system in systems.values()]
                lists = [[(each["title"]["id"], each["score"]) for each in a["recommendations"]] for a in answers]
                equal += lists[0] == lists[1] and all(a.get("exact") for a in answers)
            print(f"{equal} of {len(moods())} moods: the same 20 titles in the same order with the same scores, exact")
            print(
                "\ncalls at a time | gateway on SQLite | gateway on Milvus | search part SQLite | search part Milvus,"
                " and how many were refused by each"
            )
            for concurrency, count in CALLS.items():
                times = [calls(s.gateway.port, concurrency, count, kind) for kind, s in systems.items()]
                cells = [quantiles(whole) for whole, _, _ in times] + [quantiles(search) for _, search, _ in times]
                print(f"{concurrency:15} | " + " | ".join(cells), [refused for _, _, refused in times], flush=True)
            result = milvus.python(f"import sys\nsys.argv = ['', '{json.dumps(CALLS)}']\n" + PYMILVUS, timeout=600)
            print("\ncalls at a time | pymilvus: search for emotions, query for records")
            for concurrency, times in json.loads(result).items():
                print(f"{concurrency:>15} | {quantiles(times)}")
            print("\nall times in ms, p50 / p99")
            return 0 if equal == len(moods()) and len(set(digests.values())) == 1 else 1
        finally:
            for system in systems.values():
                system.stop()
            milvus.stop()


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1]).resolve())))

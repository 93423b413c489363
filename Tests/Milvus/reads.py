"""What reads of Milvus cost: by consistency, and of filters evaluated there instead of in the gateway's memory.

    BIN=.build/release .build/venv/bin/python Tests/Milvus/reads.py FILE.csv [TITLES]

Loads the file, measures and prints Markdown tables; with a number, again on so many titles that are made up. Calls are
made by h2load from bytes that pymilvus wrote, so that nobody's client is measured.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import servers  # noqa: E402

from running import BIN, System, call  # noqa: E402

#: Writes one gRPC frame a question, for h2load: names, conditions, fields and timestamps in, paths out.
FRAMES = """
import json, struct, sys
from pymilvus.grpc_gen import milvus_pb2
for question in json.loads(sys.argv[1]):
    request = milvus_pb2.QueryRequest(collection_name=question["collection"], expr=question["condition"],
                                      output_fields=question["fields"])
    request.consistency_level = question["level"]
    request.guarantee_timestamp = question["timestamp"]
    message = request.SerializeToString()
    with open(question["file"], "wb") as file:
        file.write(b"\\0" + struct.pack(">I", len(message)) + message)
"""

#: What a gateway asks for one answer of ten titles.
FIELDS = ["row", "slot", "writer", "id", "gone", "record"]
LEVELS = {"Bounded": (2, 0), "Session, a timestamp that has passed": (1, None), "Eventually": (3, 0), "Strong": (0, 0)}
CALLS = {1: 150, 8: 400, 64: 640}
ROUNDS = 3


def ask(port: int, frame: Path, concurrency: int, count: int) -> list[float]:
    """Milliseconds of each call, ascending."""
    log = frame.with_suffix(".log")
    log.unlink(missing_ok=True)
    result = subprocess.run(
        ["h2load", f"-n{count}", f"-c{concurrency}", "-m1", f"--log-file={log}", f"--data={frame}"]
        + ["-Hcontent-type: application/grpc", "-Hte: trailers"]
        + [f"http://127.0.0.1:{port}/milvus.proto.milvus.MilvusService/Query"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{count} succeeded" in result.stdout, result.stdout
    return sorted(int(line.split("\t")[2]) / 1000 for line in log.read_text().splitlines())


def middle(times: list[float]) -> str:
    return f"{times[len(times) // 2]:.1f} / {times[min(len(times) - 1, int(len(times) * 0.99))]:.1f}"


def write_frames(milvus: servers.Milvus, questions: list[dict]):
    text = json.dumps([question | {"file": str(question["file"])} for question in questions])
    milvus.python(f"import sys\nsys.argv = ['', {text!r}]\n" + FRAMES)


def consistency(milvus: servers.Milvus, folder: Path, prefix: str, limits: dict[int, int]):
    """Prints the table of levels, each asked in turn so that all meet the same load."""
    hashes = json.loads(
        milvus.python(
            f'import json\nrows = client.query("{prefix}_titles", filter="gone == false", output_fields=["id_hash"],'
            " limit=10)\nprint(json.dumps([row['id_hash'] for row in rows]))"
        )
    )
    # Physical milliseconds, 18 bits of a counter behind them: a minute ago.
    passed = int(milvus.python("import time\nprint(int((time.time() - 60) * 1000) << 18)"))
    questions = {}
    for number, (name, (level, timestamp)) in enumerate(LEVELS.items()):
        questions[name] = {
            "collection": f"{prefix}_titles",
            "condition": f"id_hash in {hashes}",
            "fields": FIELDS,
            "level": level,
            "timestamp": passed if timestamp is None else timestamp,
            "file": folder / f"level-{number}.bin",
        }
    write_frames(milvus, list(questions.values()))
    times: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for concurrency, count in limits.items():
            for name, question in questions.items():
                measured = ask(milvus.port, question["file"], concurrency, count // ROUNDS)
                times[name, concurrency] = sorted(times.get((name, concurrency), []) + measured)
    print("\n| ten records, ms, p50 / p99 | " + " | ".join(f"{c} at a time" for c in limits) + " |")
    print("|---" * (len(limits) + 1) + "|")
    for name in questions:
        print(f"| {name} | " + " | ".join(middle(times[name, c]) for c in limits) + " |", flush=True)


def filters(milvus: servers.Milvus, folder: Path, prefix: str, catalog: str) -> dict:
    """Prints what filters cost here and there, and gives what was read."""
    result = subprocess.run([BIN / "catalog-cost", "rank", catalog], capture_output=True, text=True, check=True)
    read, *rows = (json.loads(line) for line in result.stdout.splitlines())
    questions = [
        {
            "collection": f"{prefix}_titles",
            "condition": f"gone == false and {row['expression']}",
            "fields": ["id_hash"],
            "level": 2,
            "timestamp": 0,
            "file": folder / f"filter-{number}.bin",
        }
        for number, row in enumerate(rows)
    ]
    write_frames(milvus, questions)
    print(f"\nread: {json.dumps(read)}\n")
    print("| filter | titles that pass | ranked in memory, all / those that pass, ms | asked of Milvus, p50, ms |")
    print("|---|---|---|---|")
    for row, question in zip(rows, questions, strict=True):
        times = ask(milvus.port, question["file"], 1, 40)
        share = 100 * row["passing"] / read["titles"]
        print(
            f"| {row['filter']} | {row['passing']} ({share:.0f} %) | {row['unfiltered']:.2f} / {row['ranked']:.2f} | "
            f"{times[len(times) // 2]:.1f} |",
            flush=True,
        )
    return read


def main(file: str, more: int) -> int:
    if problem := servers.install():
        print(f"skipped: Milvus can't be installed from PyPI: {problem}")
        return 0
    with tempfile.TemporaryDirectory(prefix="milvus-") as name:
        folder = Path(name)
        milvus = servers.Milvus("2.3.5", folder / "server")
        system = System(folder / "system")
        try:
            milvus.start()
            system.emotion.start()
            system.embedding.start()
            system.gateway.settings["CATALOG_STORE"] = milvus.url
            print(system.gateway.run("ingest", file, timeout=3000).stdout)
            consistency(milvus, folder, "netflixgpt", CALLS)
            read = filters(milvus, folder, "netflixgpt", milvus.url)
            if more:
                space = call(
                    system.embedding.port, "/netflixgpt.embedding.v1.EmbeddingService/GetEmbeddingSpace", {}
                ).json["space"]
                subprocess.run(
                    [BIN / "catalog-cost", "fill", f"{milvus.url}?prefix=made", str(more)]
                    + ["--space", space["fingerprint"], "--dimensions", str(space["dimensions"])],
                    check=True,
                )
                read = filters(milvus, folder, "made", f"{milvus.url}?prefix=made")
            return 0 if read["recall"] == 1 else 1
        finally:
            system.stop()
            milvus.stop()


if __name__ == "__main__":
    assert re.fullmatch(r"[0-9]*", "".join(sys.argv[2:])), __doc__
    sys.exit(main(str(Path(sys.argv[1]).resolve()), int("".join(sys.argv[2:]) or 0)))

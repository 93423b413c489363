"""One unary call over one hop, ours and peers', in turns: throughput, latency and CPU time of a call.

Each contestant's server runs on core 0 and its client on core 1, each a process with one event loop. Rounds
alternate, and the median of the rounds counts.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from measure import cpu_name, cpu_seconds  # noqa: E402

from running import BIN, ROOT, free_port  # noqa: E402

PEERS = ROOT / ".build/peers/release"
CONTESTANTS = {
    ("ours, h2", "proto"): BIN / "one-hop",
    ("grpc-swift-2, h2", "proto"): PEERS / "grpc-peer",
    ("Hummingbird, HTTP/1.1", "proto"): PEERS / "hummingbird-peer",
    ("ours, h2", "json"): BIN / "one-hop",
    ("Hummingbird, HTTP/1.1", "json"): PEERS / "hummingbird-peer",
}


def served(program: Path) -> tuple[subprocess.Popen, int]:
    port = free_port()
    process = subprocess.Popen(
        ["taskset", "-c", "0", program, "serve", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"{program} does not listen")


def measure(program: Path, codec: str, callers: int, seconds: float) -> dict:
    process, port = served(program)
    try:
        before = cpu_seconds(process.pid)
        output = subprocess.run(
            ["taskset", "-c", "1", program, "load", str(port), codec, str(callers), str(seconds)],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        ).stdout
        used = cpu_seconds(process.pid) - before
    finally:
        process.kill()
        process.wait()
    found = json.loads(output)
    return found | {"server cpu": used * 1e6 / found["calls"]}


def table(results: dict[tuple[str, str], dict]) -> list[str]:
    lines = [
        "| | codec | calls/s | p50 µs | p99 µs | CPU µs a call, server | client | throughput | CPU of both |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, codec), found in results.items():
        first = results["ours, h2", codec]
        cpu = (found["server cpu"] + found["cpu"]) / (first["server cpu"] + first["cpu"])
        ratios = "1 | 1" if found is first else f"{first['rate'] / found['rate']:.2f} x | {cpu:.2f} x"
        lines.append(
            f"| {name} | {codec} | {found['rate']:,.0f} | {found['p50']:.0f} | {found['p99']:.0f} "
            f"| {found['server cpu']:.1f} | {found['cpu']:.1f} | {ratios} |"
        )
    return lines


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4, help="of one round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{datetime.date.today()}, {cpu_name()}, load {os.getloadavg()[0]:.1f} at the start; ", end="")
    print(f"median of {options.rounds} rounds of {options.seconds:g} s")
    for callers in (1, 64):
        rounds: dict[tuple[str, str], list[dict]] = {key: [] for key in CONTESTANTS}
        for _ in range(options.rounds):
            for (name, codec), program in CONTESTANTS.items():
                rounds[name, codec].append(measure(program, codec, callers, options.seconds))
        medians = {
            key: {name: statistics.median(each[name] for each in found) for name in found[0]}
            for key, found in rounds.items()
        }
        print(f"\n{callers} at a time\n")
        print("\n".join(table(medians)), flush=True)


if __name__ == "__main__":
    main()

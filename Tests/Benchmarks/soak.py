"""200,000 requests ten times, by HTTP/1.1 and by HTTP/2: none may fail, and memory must not grow.

Memory after the tenth run is held against that after the second.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

from measure import ours

MODES = {"HTTP/1.1, -c 32": ["--h1", "-c", "32"], "HTTP/2, -c 8 -m 32": ["-c", "8", "-m", "32"]}


def memory(pids: list[int]) -> list[float]:
    """Resident MiB of each process."""
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
    return [int(re.search(r"VmRSS:\s+(\d+)", text).group(1)) / 1024 for text in texts]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    grew = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contestant, system = ours(folder)
        try:
            body = folder / "body.json"
            body.write_text(json.dumps({"mood": "I miss the sea and my old friends", "limit": 10}))
            for mode, flags in MODES.items():
                seen = []
                for _ in range(options.runs):
                    output = subprocess.run(
                        ["h2load", *flags, "-n", str(options.requests), "-d", body]
                        + ["-H", "content-type: application/json", contestant.url],
                        capture_output=True,
                        text=True,
                        check=True,
                    ).stdout
                    assert f"{options.requests} succeeded, 0 failed, 0 errored" in output, output
                    assert f"status codes: {options.requests} 2xx" in output, output
                    seen.append((float(re.search(r"([\d.]+) req/s", output).group(1)), memory(contestant.pids)))
                rates = [rate for rate, _ in seen]
                second, last = sum(seen[1][1]), sum(seen[-1][1])
                # An allocator keeps a few pages more or less.
                grew = grew or last > second * 1.05 + 2
                print(
                    f"{mode}: {options.runs} x {options.requests:,} requests, 0 failed, "
                    f"{min(rates):,.0f} to {max(rates):,.0f} requests/s; MiB of all three after run 2: {second:.1f}, "
                    f"after run {options.runs}: {last:.1f}; gateway after each run: "
                    + ", ".join(f"{each[0]:.1f}" for _, each in seen),
                    flush=True,
                )
        finally:
            system.stop()
    if grew:
        raise SystemExit("memory grew")


if __name__ == "__main__":
    main()

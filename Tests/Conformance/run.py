#!/usr/bin/env python3
"""Runs the official Connect conformance cases against our server and our client.

    python -m venv .build/conformance
    .build/conformance/bin/pip install -r Tests/Conformance/requirements.txt
    swift build --product conformance-server && swift build --product conformance-client
    .build/conformance/bin/python Tests/Conformance/run.py

The cases are YAML files of https://github.com/connectrpc/conformance, looked for in SHARED_DATA or
../shared/data. Each is run for HTTP/1.1 and HTTP/2, both codecs, with gzip and without, as its suite says;
the official runner repeats all of it over TLS.
Where we depart from the official runner, and why:

- Errors of ours carry google.rpc.ErrorInfo and google.rpc.RequestInfo; they are not counted as details.
- Our client states a time limit with every unary call; 15 seconds must be echoed where a case names none.
- Over HTTP/1.1 it is the client for providers that carries the calls; it gives a stream when it is whole.
- Our client compresses large requests only; with gzip it is the responses that are compressed for it.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / "connect-conformance"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=Path, default=CASES, help="the folder with the YAML files")
    parser.add_argument("--bin", type=Path, default=ROOT / ".build" / "debug", help="the folder with the executables")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose title has this in it")
    options = parser.parse_args()
    if not any(options.cases.glob("*.yaml")):
        print(f"Skipped: there are no conformance cases in {options.cases}")
        return 0

    from conformance import cases
    from conformance.client_mode import Client
    from conformance.server_mode import Server

    table: dict[tuple[str, str], collections.Counter] = {}
    reasons: collections.Counter = collections.Counter()
    with (
        Server(options.bin / "conformance-server") as server,
        Client(options.bin / "conformance-client") as client,
    ):
        testers = {"server": server, "client": client}
        for case in cases.load(options.cases):
            if options.only not in case.title:
                continue
            counts = table.setdefault((case.suite, case.mode), collections.Counter())
            if case.inapplicable:
                counts["inapplicable"] += 1
                reasons[case.inapplicable] += 1
                continue
            try:
                problems = testers[case.mode].run(case)
            except Exception as failure:  # noqa: BLE001 (one case must not keep the others from it)
                problems = [f"{type(failure).__name__}: {failure}"]
            counts["failed" if problems else "passed"] += 1
            if problems:
                print(f"FAILED {case.title}", *(f"    {problem}" for problem in problems), sep="\n")
    return report(table, reasons)


def report(table: dict[tuple[str, str], collections.Counter], reasons: collections.Counter) -> int:
    print(f"\n{'suite':40} {'of our':8} {'passed':>8} {'failed':>8} {'not applicable':>15}")
    for (suite, mode), counts in table.items():
        print(f"{suite:40} {mode:8} {counts['passed']:8} {counts['failed']:8} {counts['inapplicable']:15}")
    print("\nNot applicable:")
    for reason, count in reasons.most_common():
        print(f"{count:8} {reason}")
    total = sum(table.values(), collections.Counter())
    print(f"\n{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

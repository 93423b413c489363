#!/usr/bin/env python3
"""Runs the official Connect conformance cases against our server and our client.

    python -m venv .build/conformance
    .build/conformance/bin/pip install -r Tests/Conformance/requirements.txt
    swift build --product conformance-server && swift build --product conformance-client
    .build/conformance/bin/python Tests/Conformance/run.py

The cases are YAML files of https://github.com/connectrpc/conformance, looked for in SHARED_DATA or
../shared/data. Each is run for HTTP/1.1 and HTTP/2, both codecs, with gzip and without, as its suite says, in
plain text and by TLS with a certificate made by openssl.
Where we depart from the official runner, and why:

- Errors of ours carry google.rpc.ErrorInfo and google.rpc.RequestInfo; they are not counted as details.
- Our client states a time limit with every unary call; 15 seconds must be echoed where a case names none.
- Over HTTP/1.1 it is the client for providers that carries the calls; it gives a stream when it is whole.
- The one official case with client certificates has a stream of requests; the basic cases are run with them besides.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
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

    sys.path.append(str(ROOT / "Tests"))
    from conformance import cases
    from conformance.certificates import Certificates
    from conformance.client_mode import Client
    from conformance.server_mode import Servers

    table: dict[tuple[str, str, str], collections.Counter] = {}
    reasons: collections.Counter = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        certificates = Certificates(Path(folder) / "certificates")
        with (
            Servers(options.bin / "conformance-server", certificates) as servers,
            Client(options.bin / "conformance-client", certificates) as client,
        ):
            testers = {"server": servers, "client": client}
            for case in cases.load(options.cases):
                if options.only in case.title:
                    run(case, testers[case.mode], table, reasons)
    return report(table, reasons)


def run(case, tester, table, reasons) -> None:
    counts = table.setdefault((case.suite, case.mode, case.security), collections.Counter())
    if case.inapplicable:
        counts["inapplicable"] += 1
        reasons[case.inapplicable] += 1
        return
    try:
        problems = tester.run(case)
    except Exception as failure:  # noqa: BLE001 (one case must not keep the others from it)
        problems = [f"{type(failure).__name__}: {failure}"]
    counts["failed" if problems else "passed"] += 1
    if problems:
        print(f"FAILED {case.title}", *(f"    {problem}" for problem in problems), sep="\n")


def report(table: dict[tuple[str, str, str], collections.Counter], reasons: collections.Counter) -> int:
    columns = ("passed", "failed", "not applicable")
    print(f"\n{'suite':40} {'of our':8} {'by':30} {columns[0]:>8} {columns[1]:>8} {columns[2]:>15}")
    for (suite, mode, security), counts in table.items():
        figures = f"{counts['passed']:8} {counts['failed']:8} {counts['inapplicable']:15}"
        print(f"{suite:40} {mode:8} {security:30} {figures}")
    print("\nNot applicable:")
    for reason, count in reasons.most_common():
        print(f"{count:8} {reason}")
    total = sum(table.values(), collections.Counter())
    print(f"\n{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())

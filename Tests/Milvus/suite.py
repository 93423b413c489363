"""Runs the store suites on SQLite and on real Milvus servers, which it installs, starts and stops.

    .build/venv/bin/python Tests/Milvus/suite.py             all servers
    .build/venv/bin/python Tests/Milvus/suite.py lite-2.5.1  some of them
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import servers  # noqa: E402

from running import ROOT  # noqa: E402

SUITES = "CatalogStoreTests.*(Every store|The digest|A store in use|Stores|A Milvus)"


def main(kinds: list[str]) -> int:
    if problem := servers.install():
        print(f"Skipped: Milvus can't be installed from PyPI: {problem}")
        return 0
    running: list[servers.Milvus] = []
    with tempfile.TemporaryDirectory(prefix="milvus-") as folder:
        try:
            for kind in kinds:
                running.append(servers.Milvus(kind, Path(folder) / kind).start())
            places = [server.url for server in running]
            for server in running:
                if server.kind in servers.WITH_DATABASES:
                    server.python('client.create_database("films")')
                    places.append(f"{server.url}/films")
            names = " ".join(places)
            print(f"the store suites on SQLite and Milvus {', '.join(kinds)}: {names}", flush=True)
            command = ["swift", "test", "--skip-build", "--disable-xctest", "--no-parallel", "--filter", SUITES]
            return subprocess.run(command, cwd=ROOT, env=os.environ | {"MILVUS_TEST_URL": names}).returncode
        finally:
            for server in running:
                server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(servers.KINDS)))

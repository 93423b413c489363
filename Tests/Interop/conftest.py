from __future__ import annotations

import collections
import sys

import pytest

from running import ROOT, generate


@pytest.fixture(scope="session")
def client(tmp_path_factory):
    """The package of the Python client, generated from our .proto files as any caller would."""
    folder = tmp_path_factory.mktemp("client")
    generate(ROOT / "Shared/Contracts/proto", folder / "netflixgpt_client")
    sys.path.insert(0, str(folder))
    import netflixgpt_client

    return netflixgpt_client


def pytest_terminal_summary(terminalreporter):
    """Prints each test of this folder with the cells that it ran in."""
    rows = collections.defaultdict(dict)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.getreports(outcome):
            file, _, test = report.nodeid.partition("::")
            if "Interop/" in file and (outcome != "passed" or report.when == "call"):
                name, _, cell = test.partition("[")
                rows[f"{file.rpartition('/')[2]} {name}"][cell.rstrip("]") or "-"] = outcome
    terminalreporter.section("interop")
    for name, cells in rows.items():
        terminalreporter.write_line(name)
        for cell, outcome in sorted(cells.items()):
            terminalreporter.write_line(f"    {cell:32} {outcome}")

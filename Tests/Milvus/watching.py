"""What the tests read of a run and of a gateway."""

from __future__ import annotations

import re
import time

from running import System, send


def digest(output: str) -> str:
    return re.findall(r"^digest ([0-9a-f]{16,})$", output, re.MULTILINE)[-1]


def eventually(check, patience=90.0):
    deadline = time.monotonic() + patience
    while True:
        result = check()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(0.2)


def ready(system: System) -> int:
    return send(system.gateway.port, "GET", "/readyz", timeout=10).status


def problem_of(system: System) -> str:
    """What `doctor` says of the catalog."""
    output = system.gateway.run("doctor").stdout
    lines = [line for line in output.splitlines() if line[5:].startswith("catalog:")]
    assert len(lines) == 1, output
    return lines[0]

"""Runs what `run` describes; exits with 1 when something does not hold."""

from __future__ import annotations

import sys
import time

import gateway
import hosts
from peers import KINDS, Foreign, Load, Replica, table


def replicas():
    """One of three replicas is ten times slower, then one fails at once, and heals."""
    fleet = [Replica(delay=20).start() for _ in range(3)]
    slow, failing, _ = fleet
    addresses = [replica.address for replica in fleet]
    try:
        healthy = Load(addresses, tasks=16, seconds=10).wait()
        slow.tell(200)
        load = Load(addresses, tasks=16, seconds=100)
        load.until(lambda line: line["seconds"] > 3)
        failing.tell("fail")
        load.until(lambda line: line["seconds"] > 33)
        failing_part = load.since(6)
        failing.tell("heal")
        back = load.until(lambda line: line["attempts"].get(failing.address, 0) > 0.25 * line["calls"], 60)
        load.until(lambda line: line["seconds"] > 95, 100)
        summary = load.wait()
        share = failing_part["attempts"][failing.address] / failing_part["calls"] * 100
        slow_share = failing_part["attempts"][slow.address] / failing_part["calls"] * 100
        ratio = summary["p99"] / healthy["p99"]
        failures = sum(summary["failures"].values())
        return table(
            "One of three replicas ten times slower, one failing at once",
            [
                ("calls", f"{summary['calls']:,}", "", True),
                ("p50 with three healthy ones", f"{healthy['p50']:.1f} ms", "", True),
                ("p99 with three healthy ones", f"{healthy['p99']:.1f} ms", "", True),
                ("p99 with one slow, one failing", f"{summary['p99']:.1f} ms", "", True),
                ("their ratio", f"{ratio:.2f}", "at most 1.5", ratio <= 1.5),
                ("calls that the failing one gets", f"{share:.2f} %", "under 5 %", share < 5),
                ("calls that the slow one gets", f"{slow_share:.2f} %", "", True),
                ("failed calls", f"{failures:,}", "0", failures == 0),
                (
                    "until the healed one has a quarter of the calls",
                    "never" if back is None else f"{back:.1f} s",
                    "at most 30 s",
                    back is not None and back <= 30,
                ),
            ],
        )
    finally:
        for replica in fleet:
            replica.kill()


def down():
    """Nobody is there, and then everybody is there and fails."""
    fleet = [Replica(delay=1) for _ in range(3)]
    addresses = [replica.address for replica in fleet]
    rows = []
    try:
        for name, prepare in [("unreachable", None), ("failing", "fail")]:
            for replica in fleet if prepare else []:
                replica.start().tell(prepare)
            summary = Load(addresses, tasks=16, calls=20_000).wait()
            attempts = sum(summary["attempts"].values())
            ratio = attempts / summary["calls"]
            failed = sum(summary["failures"].values())
            rows += [
                (f"{name}: calls, all failed", f"{summary['calls']:,}", "20,000", failed == 20_000),
                (f"{name}: attempts", f"{attempts:,}", "", True),
                (f"{name}: attempts for each call", f"{ratio:.3f}", "at most 1.2", ratio <= 1.2),
            ]
        absent = gateway.missing()
        rows += [("gateway", f"no {absent[0]} in BIN", "", True)] if absent else gateway.gone()
        return table("A backend that is down", rows)
    finally:
        for replica in fleet:
            replica.kill()


def rolling():
    """Three replicas are restarted one after the other, again and again, under four kinds of callers."""
    fleet = [Replica(delay=2).start() for _ in range(3)]
    callers = {}
    try:
        addresses = [replica.address for replica in fleet]
        own = Load(addresses, tasks=32, calls=40_000, rest=20)
        callers = {kind: Foreign(kind, 30_000, 16, addresses) for kind in KINDS}
        restarts = 0
        while any(caller.process.poll() is None for caller in [own, *callers.values()]):
            replica = fleet[restarts % 3]
            replica.terminate()
            replica.start()
            restarts += 1
            time.sleep(0.5)
        results = {"our channel, h2": own.wait()} | {kind: caller.wait() for kind, caller in callers.items()}
        total = sum(result["calls"] for result in results.values())
        rows = [
            ("calls", f"{total:,}", "100,000 at least", total >= 100_000),
            ("restarts meanwhile", f"{restarts}", "3 at least", restarts >= 3),
        ]
        for name, result in results.items():
            failed = sum(result["failures"].values())
            for text, count in result["failures"].items():
                print(f"{name}: {count} x {text}")
            rows += [
                (f"{name}: calls", f"{result['calls']:,}", "30,000 at least", result["calls"] >= 30_000),
                (f"{name}: p99", f"{result['p99']:.1f} ms", "", True),
                (f"{name}: failed calls", f"{failed}", "0", failed == 0),
            ]
            if "elsewhere" in result:
                rows.append((f"{name}: found nobody there", f"{result['elsewhere']:,}", "", True))
        return table("A rolling restart of three replicas under load", rows)
    finally:
        for process in [*callers.values(), *fleet]:
            process.kill()


PARTS = {"replicas": replicas, "down": down, "rolling": rolling, "hosts": hosts.hosts}


def main() -> int:
    names = sys.argv[1:] or list(PARTS)
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        print(f"no part {unknown[0]}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 64
    results = [PARTS[name]() for name in names]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

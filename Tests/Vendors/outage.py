"""A provider in trouble under a hundred concurrent moods: 429, then 529, then silence, then well again.

    BIN=.build/debug python Tests/Vendors/outage.py

Asks the emotion service, then the gateway in front of it. Prints what happened, phase by phase;
`test_outage.py` runs it and holds the promises against it.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import vendor_server  # noqa: E402
from vendors import KEY  # noqa: E402

from running import RECOMMEND, Service, System, call  # noqa: E402

#: Who is asked, and by which method.
DOORS = {
    "emotion-service": "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions",
    "recommendation-gateway": RECOMMEND,
}
CONCURRENT = 100
DEADLINE = 6.0
#: How much later than its deadline a caller may hear of it: 100 threads of Python share a machine.
LEEWAY = 0.75
PHASES = {
    "429": (429, {"retry-after-ms": "300"}, {"error": {"code": "rate_limit_exceeded"}}),
    "529": (529, {}, {"type": "error", "error": {"type": "overloaded_error"}}),
    "hangs": "hang",
}


@dataclasses.dataclass
class Phase:
    name: str
    calls: int = 0
    answered: Counter = dataclasses.field(default_factory=Counter)
    reasons: Counter = dataclasses.field(default_factory=Counter)
    slowest: float = 0.0
    attempts: int = 0
    #: Seconds after the provider was well until it answered a mood again.
    back_after: float | None = None


@dataclasses.dataclass
class Outage:
    door: str
    phases: list[Phase]

    def table(self) -> str:
        head = "| phase | moods | first answered | second answered | failed | attempts at the first | slowest s |"
        head += " back after s | why |"
        rows = [head, "|---|---|---|---|---|---|---|---|---|"]
        for phase in self.phases:
            why = ", ".join(f"{reason} {count}" for reason, count in phase.reasons.most_common())
            cells = [phase.name, phase.calls, phase.answered["openai"], phase.answered["anthropic"]]
            cells += [phase.answered["failed"], phase.attempts, f"{phase.slowest:.2f}"]
            cells += ["-" if phase.back_after is None else f"{phase.back_after:.1f}", why]
            rows.append("| " + " | ".join(str(cell) for cell in cells) + " |")
        title = f"Asked: {self.door}. Deadline of each call: {DEADLINE} s."
        return "\n".join([title, "", *rows])


def ask(service: Service, mood: str) -> tuple[str, str, float]:
    """Who answered, why not the first, and how long it took."""
    start = time.monotonic()
    headers = {"Connect-Timeout-Ms": str(int(DEADLINE * 1000))}
    answer = call(service.port, DOORS[service.name], {"mood": mood}, headers, timeout=30)
    took = time.monotonic() - start
    if answer.status != 200:
        return "failed", answer.json.get("code", str(answer.status)), took
    degraded = answer.json.get("degraded", [])
    usage = answer.json["usage"]
    # The gateway tells of each part of its answer; without a reading of the mood it makes do.
    parts = usage if isinstance(usage, list) else [usage]
    providers = [part["provider"] for part in parts if part["stage"] == "extract"] or ["failed"]
    return providers[0], degraded[0]["reason"] if degraded else "", took


def run(folder: Path, door: str) -> Outage:
    with vendor_server.Server() as first, vendor_server.Server() as second:
        settings = {
            "EMOTION_PROVIDERS": "openai,anthropic",
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": f"{first.url}/v1",
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": second.url,
            "DRAIN_DELAY_SECONDS": "0",
        }
        first.pause = second.pause = 0.05
        system = System(folder, emotion=settings)
        outage = Outage(door, [])
        try:
            service = system.emotion.start()
            if door == system.gateway.name:
                system.embedding.start()
                assert system.gateway.run("ingest", "--starter").returncode == 0
                service = system.gateway.start()
            with concurrent.futures.ThreadPoolExecutor(CONCURRENT) as pool:
                for name in ("well", *PHASES, "well again"):
                    first.fault = lambda number, name=name: PHASES.get(name)
                    phase = _phase(name, service, first, pool)
                    first.fault = lambda number: None
                    phase.back_after = _until_used(service, name) if name in PHASES else None
                    outage.phases.append(phase)
        finally:
            system.stop()
        return outage


def _phase(name: str, service: Service, first, pool) -> Phase:
    phase = Phase(name)
    before = len(first.requests)
    # Two bursts: the second meets what the first has taught.
    for burst in range(2):
        moods = [f"mood {name} {burst} {number}" for number in range(CONCURRENT)]
        for provider, reason, took in pool.map(lambda mood: ask(service, mood), moods):
            phase.calls += 1
            phase.answered[provider] += 1
            if reason:
                phase.reasons[reason] += 1
            phase.slowest = max(phase.slowest, took)
    phase.attempts = len(first.requests) - before
    return phase


def _until_used(service: Service, name: str) -> float | None:
    healed = time.monotonic()
    for number in range(400):
        provider, _, _ = ask(service, f"is it back from {name} {number}")
        if provider == "openai":
            return time.monotonic() - healed
        time.sleep(0.1)
    return None


if __name__ == "__main__":
    os.environ.setdefault("BIN", str(HERE.parent.parent / ".build/debug"))
    for door in DOORS:
        with tempfile.TemporaryDirectory() as name:
            print(run(Path(name), door).table() + "\n")

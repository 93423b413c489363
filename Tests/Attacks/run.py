"""Attacks a service and says what it cost: memory, the time of a good client, and whether it lived.

    [BIN=FOLDER] Tests/Attacks/run.py [--long] [NAME...]

The service is a debug one unless BIN names another folder, as .build/release.

Each attack runs in a process of its own beside a good client that calls a method 50 times a second on
one connection, and beside another one whose service, a twin, nobody attacks. The service's peak memory
during the attack may exceed what it had before by the attack's bound. The good client's time may be 3
times what it was before, or what its twin waits meanwhile, since all of them share the machine's cores
with the attacker; up to 20 ms are always allowed. Afterwards the service must be ready and have closed
the attack's connections. The time is the p99 in the long form; the short form makes too few calls for one
and takes the median.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import attacks  # noqa: E402
from wire import connect, message, post  # noqa: E402

from running import BIN, Service, send  # noqa: E402

MIB = 1 << 20
PAUSE = 1 / 50
SLACK = 0.020


@dataclasses.dataclass
class Attack:
    run: Callable[[int, float, int], str]
    # In the short and in the long form: connections, or what else the attack counts.
    sizes: tuple[int, int] = (0, 0)
    # By which memory may grow in the short and in the long form, in MiB.
    bounds: tuple[int, int] = (32, 32)
    # Seconds beside those that all attacks have, in the short and in the long form.
    extra: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        return self.run.__name__


ATTACKS = [
    Attack(attacks.rapid_reset),
    Attack(attacks.continuation_flood),
    Attack(attacks.ping_flood),
    Attack(attacks.ping_flood_read),
    Attack(attacks.settings_flood),
    Attack(attacks.settings_ack_flood),
    Attack(attacks.empty_data),
    Attack(attacks.unknown_frames),
    Attack(attacks.window_flood),
    Attack(attacks.window_games),
    Attack(attacks.hpack_bomb),
    Attack(attacks.huge_headers),
    Attack(attacks.gzip_bomb, (512, 4096)),
    Attack(attacks.unknown_methods),
    Attack(attacks.expensive_moods),
    Attack(attacks.slow_headers, (1000, 10_000), (64, 512), (1, 50)),
    Attack(attacks.half_open, (300, 3000), (48, 256)),
    Attack(attacks.slow_readers, (50, 500), (128, 512)),
    Attack(attacks.held_bodies, (4, 16), (128, 512)),
]

SETTINGS = {
    "EMOTION_PROVIDERS": "local",
    "READ_TIMEOUT_SECONDS": "3",
    "IDLE_TIMEOUT_SECONDS": "3",
    "KEEPALIVE_SECONDS": "1",
    "MAX_CONNECTIONS": "12000",
    "DRAIN_DELAY_SECONDS": "0",
}


def good_client(port: int, until: float, pipe) -> None:
    """Calls at a steady rate on one connection; sends the times it took, and the failures."""
    times, failures = [], 0
    request = post(message("calm"))
    connection = None
    while time.monotonic() < until:
        began = time.monotonic()
        try:
            connection = connection or connect(port, 5)
            connection.sendall(request)
            if not connection.recv(1 << 16).startswith(b"HTTP/1.1 200"):
                raise OSError("no answer")
            times.append(time.monotonic() - began)
        except OSError:
            failures += 1
            connection = None
        time.sleep(max(0, PAUSE - (time.monotonic() - began)))
    pipe.send((times, failures))


def attacker(attack: Attack, port: int, until: float, size: int, pipe) -> None:
    # The attacker should cost the others no more of the processor than what it makes the service do.
    os.nice(10)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        pipe.send(attack.run(port, until, size))
    except Exception as error:
        pipe.send(f"FAILED: {error!r}")


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, math.ceil(share * len(times)) - 1)] if times else math.inf


class Watched:
    """The service under attack, by what the system knows of it."""

    def __init__(self, service: Service):
        self.service = service
        self.proc = Path("/proc") / str(service.process.pid)

    def _status(self, name: str) -> int:
        lines = (self.proc / "status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name + ":"))

    @property
    def memory(self) -> int:
        return self._status("VmRSS")

    @property
    def peak(self) -> int:
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        (self.proc / "clear_refs").write_text("5")

    @property
    def processor(self) -> float:
        fields = (self.proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def files(self) -> int:
        return len(list((self.proc / "fd").iterdir()))

    def settles(self, files: int, patience: float) -> bool:
        """Waits until no more files are open than there were."""
        deadline = time.monotonic() + patience
        while self.files > files + 2:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


FORKS = multiprocessing.get_context("fork")


class Child:
    """A function in a process of its own, which sends one result."""

    def __init__(self, function, *arguments):
        self.pipe, there = FORKS.Pipe()
        self.process = FORKS.Process(target=function, args=(*arguments, there))
        self.process.start()

    def result(self):
        result = self.pipe.recv()
        self.process.join()
        return result


def measure(ports: list[int], seconds: float, attack: Attack | None = None, size: int = 0):
    """The times and failures of a good client of each port, and what the first one's attacker says."""
    until = time.monotonic() + seconds
    clients = [Child(good_client, port, until) for port in ports]
    report = Child(attacker, attack, ports[0], until, size).result() if attack else ""
    return [client.result() for client in clients], report


def judge(watched: Watched, twin: Service, attack: Attack, long: bool) -> bool:
    ports = [watched.service.port, twin.port]
    size, bound = attack.sizes[long], attack.bounds[long]
    seconds = (10 if long else 2) + attack.extra[long]
    files = watched.files
    [(calm, _), _], _ = measure(ports, 5 if long else 1)
    watched.forget_peak()
    before, worked = watched.memory, watched.processor
    [(times, failures), (others, _)], report = measure(ports, seconds, attack, size)
    grown = watched.peak - before
    worked = watched.processor - worked
    problems = []
    if report.startswith("FAILED"):
        problems.append("the attack failed")
    if grown > bound * MIB:
        problems.append(f"memory grew by more than {bound} MiB")
    quiet, loud, other = (percentile(sample, 0.99 if long else 0.5) for sample in (calm, times, others))
    if loud > max(3 * quiet, 3 * other, SLACK):
        problems.append("the good client waits too long")
    if failures:
        problems.append(f"{failures} calls of the good client failed")
    # A response that nobody takes has 30 s.
    if not watched.settles(files, 60):
        problems.append(f"{watched.files - files} connections are left")
    if watched.service.process.poll() is not None or send(ports[0], "GET", "/readyz", timeout=5).status != 200:
        problems.append("the service is not ready")
    print(
        f"{attack.name:19} {report:32} {before / MIB:6.1f} {grown / MIB:+7.1f} / {bound:4} {worked:6.2f} "
        f"{1000 * quiet:7.1f} {1000 * loud:7.1f} {1000 * other:7.1f}  {'; '.join(problems) or 'ok'}",
        flush=True,
    )
    return not problems


def heading(long: bool) -> str:
    measured = "p99 of a good client" if long else "median of a good client"
    first = f"{'':19} {'':32} {'memory, MiB':>22} {'CPU':>6} {measured}, ms"
    second = f"{'attack':19} {'sent':32} {'before':>6} {'growth / bound':>15} {'s':>5}"
    return f"{first}\n{second} {'before':>7} {'during':>7} {'twin':>7}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--long", action="store_true", help="10 s each, and 10,000 slow connections")
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of: " + " ".join(a.name for a in ATTACKS))
    arguments = parser.parse_args()
    chosen = [attack for attack in ATTACKS if not arguments.names or attack.name in arguments.names]
    with tempfile.TemporaryDirectory() as folder:
        services = [Service("emotion-service", Path(folder), SETTINGS) for _ in range(2)]
        try:
            for service in services:
                service.start()
            watched = Watched(services[0])
            # What is made once, such as the model's tables and the buffers of both loops.
            measure([service.port for service in services], 1)
            print(f"{BIN.name} build, load {os.getloadavg()[0]:.1f} at the start")
            print(heading(arguments.long))
            results = [judge(watched, services[1], attack, arguments.long) for attack in chosen]
        finally:
            for service in services:
                service.kill()
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

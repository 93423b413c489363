"""Three replicas on machines of their own, as network namespaces, behind a name of a name server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from peers import Load, Replica, table

NET = "10.213.7"
NAME = "embedding.test"
PORT = 8082
BRIDGE = "ngbridge"


def sh(*words: str, check=True):
    return subprocess.run(words, check=check, capture_output=True, text=True)


def install():
    missing = {"dnsmasq": "dnsmasq-base", "ip": "iproute2"}
    packages = [package for tool, package in missing.items() if not shutil.which(tool)]
    if packages:
        sh("apt-get", "update")
        sh("apt-get", "install", "-y", "--no-install-recommends", *packages)


class Net:
    """A bridge, a namespace for each machine and a name server, all gone at the end."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.machines: list[str] = []
        self.dns = None
        self.client = ["ip", "netns", "exec", "ngclient"]

    def __enter__(self):
        self.__exit__()
        # Otherwise it takes the lowest address of its ports, and the client's table of neighbours
        # is wrong for a minute whenever a machine comes or goes.
        sh("ip", "link", "add", BRIDGE, "address", "02:00:0a:d5:07:01", "type", "bridge")
        sh("ip", "addr", "add", f"{NET}.1/24", "dev", BRIDGE)
        sh("ip", "link", "set", BRIDGE, "up")
        # What the client's namespace sees as its name server.
        resolv = Path("/etc/netns/ngclient")
        resolv.mkdir(parents=True, exist_ok=True)
        (resolv / "resolv.conf").write_text(f"nameserver {NET}.1\noptions timeout:1 attempts:1\n")
        self.machine("ngclient", 2)
        return self

    def machine(self, name: str, number: int):
        sh("ip", "netns", "add", name)
        self.machines.append(name)
        sh("ip", "link", "add", f"{name}b", "type", "veth", "peer", "name", f"{name}e")
        sh("ip", "link", "set", f"{name}b", "master", BRIDGE, "up")
        sh("ip", "link", "set", f"{name}e", "netns", name)
        for words in [
            ("addr", "add", f"{NET}.{number}/24", "dev", f"{name}e"),
            ("link", "set", f"{name}e", "up"),
            ("link", "set", "lo", "up"),
        ]:
            sh("ip", "-n", name, *words)

    def cut(self, name: str):
        """Packets to and from the machine vanish, without a word to anybody."""
        sh("ip", "link", "set", f"{name}b", "down")

    def mend(self, name: str):
        sh("ip", "link", "set", f"{name}b", "up")

    def list(self, numbers: list[int]):
        """Makes the name stand for these machines from now on."""
        hosts = self.folder / "hosts"
        hosts.write_text("".join(f"{NET}.{number} {NAME}\n" for number in numbers))
        if self.dns:
            self.dns.terminate()
            self.dns.wait()
        options = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--local-ttl=1"]
        options += [f"--listen-address={NET}.1", "--bind-interfaces", f"--addn-hosts={hosts}"]
        options += ["--conf-file=/dev/null", f"--pid-file={self.folder / 'pid'}", "--user=root"]
        self.dns = subprocess.Popen(["dnsmasq", *options])

    def __exit__(self, *_):
        if self.dns:
            self.dns.terminate()
            self.dns.wait()
        for name in ["ngclient", *(f"ngr{number}" for number in range(3, 8))]:
            sh("ip", "netns", "del", name, check=False)
            sh("ip", "link", "del", f"{name}b", check=False)
        sh("ip", "link", "del", BRIDGE, check=False)
        shutil.rmtree("/etc/netns/ngclient", ignore_errors=True)


def hosts():
    """One is added, one removed, one cut off, one comes back: who gets the calls, and how soon."""
    if os.geteuid() != 0:
        return table("Machines behind a name", [("run by root", "no", "yes", False)])
    install()
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / "netflixgpt-hosts"
    folder.mkdir(exist_ok=True)
    replicas: dict[int, Replica] = {}
    rows = []
    with Net(folder) as net:

        def add(number: int):
            net.machine(f"ngr{number}", number)
            prefix = ["ip", "netns", "exec", f"ngr{number}"]
            replicas[number] = Replica(f"{NET}.{number}", PORT, delay=5, prefix=prefix).start()

        def gets(number: int):
            return lambda line: line["attempts"].get(f"{NET}.{number}:{PORT}", 0) > 0.15 * max(line["calls"], 1)

        def gets_none(number: int):
            return lambda line: line["calls"] > 0 and f"{NET}.{number}:{PORT}" not in line["attempts"]

        def row(what: str, seconds: float | None, bound=10):
            shown = "never" if seconds is None else f"{seconds:.1f} s"
            holds = seconds is not None and seconds <= bound
            rows.append((what, shown, f"at most {bound} s", holds))

        load = None
        try:
            for number in (3, 4, 5):
                add(number)
            net.list([3, 4, 5])
            time.sleep(0.5)
            load = Load([f"{NAME}:{PORT}"], net.client, tasks=8, rest=5, seconds=75)
            row("three of three get calls", load.until(lambda line: all(gets(n)(line) for n in (3, 4, 5))))
            add(6)
            net.list([3, 4, 5, 6])
            row("one is added: it gets calls", load.until(gets(6)))
            net.list([4, 5, 6])
            row("one is removed: it gets none", load.until(gets_none(3)))
            net.cut("ngr4")
            row("one is cut off: it gets none", load.until(gets_none(4)))
            time.sleep(5)
            net.mend("ngr4")
            row("it is back: it gets calls", load.until(gets(4)), bound=6)
            replicas[5].kill()
            row("one dies: it gets none", load.until(gets_none(5)))
            summary = load.wait()
            failures = sum(summary["failures"].values())
            for text, count in summary["failures"].items():
                print(f"{count} x {text}")
            rows.append(("calls", f"{summary['calls']:,}", "", True))
            rows.append(("failed calls, all of them could be saved", f"{failures}", "0", failures == 0))
        finally:
            if load:
                load.kill()
            for replica in replicas.values():
                replica.kill()
    return table("Machines behind a name", rows)

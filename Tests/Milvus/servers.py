"""Real Milvus servers from PyPI, as processes on this machine.

`2.3.5` is the whole of Milvus in one process, `lite-2.5.1` its core in C++, `lite-3.2.2` one in Python. All their ports
are free ones, so tests on one machine don't meet.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from running import ROOT, free_port

FOLDER = ROOT / ".build" / "milvus"
PYTHON = FOLDER / "venv" / "bin" / "python"
LITE = FOLDER / "lite-2.5.1" / "milvus_lite" / "lib"
KINDS = ("2.3.5", "lite-2.5.1", "lite-3.2.2")
#: Those that keep more than one database.
WITH_DATABASES = ("2.3.5", "lite-3.2.2")
ARRIVED = FOLDER / "installed"

#: Where Milvus 2.3.5 listens, by the names of its configuration.
ROLES = (
    *("proxy", "proxy_internal", "root_coord", "query_coord", "query_node", "index_coord", "index_node"),
    *("data_coord", "data_node", "etcd"),
)

#: The wheel's own launcher does not pass on signals; this prepares its files and becomes the server.
LAUNCHER = f"ROLES = {ROLES!r}" + """
import json, os, sys, milvus
base, ports, password = os.path.abspath(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3] == 'auth'
if not os.path.exists(base + '/configs/milvus.yaml'):
    server = milvus.MilvusServer(milvus.MilvusServerConfig())
    server.set_base_dir(base)
    config = server.config
    config.configs.update((name + '_port', port) for name, port in ports.items() if name in ROLES)
    for role in ('rootCoord', 'proxy', 'queryCoord', 'queryNode', 'indexNode', 'dataCoord', 'dataNode'):
        config.set(role + '.ip', '127.0.0.1')
    config.set('common.gracefulStopTimeout', 3)
    config.set('common.session.ttl', 10)
    config.set('authorization_enabled', password)
    config.resolve()
    milvus._initialize_data_files(base)
    with open(base + '/configs/etcd.yaml', 'w') as file:
        for key in ('listen-client-urls', 'advertise-client-urls'):
            print(f"{key}: http://127.0.0.1:{ports['etcd']}", file=file)
        for key in ('listen-peer-urls', 'initial-advertise-peer-urls'):
            print(f"{key}: http://127.0.0.1:{ports['peer']}", file=file)
        print(f"initial-cluster: default=http://127.0.0.1:{ports['peer']}", file=file)
environment = dict(os.environ, DEPLOY_MODE='STANDALONE', METRICS_PORT=str(ports['metrics']),
                   MILVUS_RUN_DIR=base + '/run', LD_LIBRARY_PATH=base + '/bin',
                   ETCD_CONFIG_PATH=base + '/configs/etcd.yaml')
os.chdir(base)
os.execve(base + '/bin/milvus', ['milvus', 'run', 'standalone'], environment)
"""


#: What pip says of a registry that can't be reached; its last line says only that there is no such package.
UNREACHABLE = "connection broken by"


def fetch(command: list[str]) -> str | None:
    """Runs pip; gives what is wrong when the registry is not there, and raises for anything else."""
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode == 0:
        return None
    problem = (result.stderr.strip().splitlines() or ["pip failed"])[-1]
    if UNREACHABLE in result.stderr:
        return problem
    raise RuntimeError(f"{' '.join(map(str, command))}: {problem}")


def install() -> str | None:
    """Installs the servers where they are missing; gives what is wrong when the registry is not there."""
    if ARRIVED.exists():
        return None
    FOLDER.mkdir(parents=True, exist_ok=True)
    pip = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER / "venv")], check=True)
    for command in (
        [*pip, "milvus-lite==3.2.2", "pymilvus==3.0.2"],
        [*pip, "--no-deps", "milvus==2.3.5"],
        [*pip, "--no-deps", "--target", str(LITE.parent.parent), "milvus-lite==2.5.1"],
    ):
        if problem := fetch(command):
            return problem
    ARRIVED.touch()
    return None


class Milvus:
    """One server with its data in `folder`, which outlives it."""

    #: Of all servers of this process.
    folders: list[Path] = []

    def __init__(self, kind: str, folder: Path, auth=False):
        self.kind = kind
        self.folder = folder
        Milvus.folders.append(folder)
        self.auth = auth
        self.ports = {role: free_port() for role in (*ROLES, "peer", "metrics")}
        self.port, self.metrics_port = self.ports["proxy"], self.ports["metrics"]
        # Not in the folder, which may be a disk that can't be written to.
        self.log = folder.parent / f"{folder.name}.log"
        self.process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"milvus://127.0.0.1:{self.port}"

    def start(self, patience=120) -> Milvus:
        port, environment = str(self.port), dict(os.environ)
        if self.kind == "2.3.5":
            how = "auth" if self.auth else "open"
            command = [PYTHON, "-c", LAUNCHER, self.folder, json.dumps(self.ports), how]
        elif self.kind == "lite-2.5.1":
            environment["LD_LIBRARY_PATH"] = str(LITE)
            command = [LITE / "milvus", self.folder / "lite.db", f"127.0.0.1:{port}", "ERROR"]
        else:
            program = PYTHON.parent / "milvus-lite"
            command = [program, "server", "--data-dir", self.folder, "--host", "127.0.0.1", "--port", port]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + patience
        while not self.is_up():
            if self.process.poll() is not None:
                raise RuntimeError(f"Milvus {self.kind} ended: {self.log.read_text()[-2000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Milvus {self.kind} is not up after {patience} s")
            time.sleep(0.1)
        return self

    def is_up(self) -> bool:
        try:
            if self.kind == "2.3.5":
                with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/healthz", timeout=1) as answer:
                    return answer.read() == b"OK"
            with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return True
        except OSError:
            return False

    def kill(self):
        """As `kill -9`."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def stop(self, patience=30):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def python(self, code: str, timeout=120) -> str:
        """Runs Python with pymilvus; `client` is connected to this server."""
        token = ', token="root:Milvus"' if self.auth else ""
        head = f'from pymilvus import MilvusClient\nclient = MilvusClient(uri="http://127.0.0.1:{self.port}"{token})\n'
        result = subprocess.run([PYTHON, "-c", head + code], capture_output=True, text=True, timeout=timeout)
        assert result.returncode == 0, result.stderr[-2000:]
        return result.stdout

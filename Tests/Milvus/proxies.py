"""More proxies of a Milvus: nghttpx in front of it, in plain text or by TLS."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

from running import free_port

NGHTTPX = shutil.which("nghttpx") or "/usr/sbin/nghttpx"


class Proxy:
    """Speaks HTTP/2 to a Milvus at `port`, and to its clients with the certificate in `files` if it has one."""

    def __init__(self, folder: Path, port: int, files: tuple[Path, Path] | None = None, *options: str):
        self.port = free_port()
        self.log = folder / f"nghttpx-{self.port}.log"
        self.process: subprocess.Popen | None = None
        front = f"127.0.0.1,{self.port}" + ("" if files else ";no-tls")
        self.command = [NGHTTPX, "--conf=/dev/null", "--workers=1", f"--frontend={front}", *options]
        self.command += [f"--backend=127.0.0.1,{port};;proto=h2", f"--accesslog-file={self.log}"]
        if files:
            self.command += [str(files[1]), str(files[0])]

    def start(self) -> Proxy:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.log.read_text()[-2000:]) from None
                time.sleep(0.05)

    @property
    def calls(self) -> int:
        """How many calls went through it."""
        return self.log.read_text().count("MilvusService/")

    def kill(self):
        """As `kill -9`, of all its processes."""
        if self.process and self.process.poll() is None:
            children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout
            for child in children.split():
                subprocess.run(["kill", "-9", child], check=False)
            self.process.kill()
            self.process.wait()

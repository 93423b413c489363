"""Certificates for tests."""

from __future__ import annotations

import subprocess
from pathlib import Path


class Authority:
    """Someone who signs certificates, with OpenSSL."""

    KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def __init__(self, folder: Path):
        folder.mkdir()
        self.folder = folder
        self.certificate = folder / "authority.pem"
        self.openssl(
            *("req", "-x509", *self.KEY, "-keyout", "authority.key", "-out", self.certificate),
            *("-days", "1", "-subj", "/CN=Test authority"),
        )

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def issue(self, name: str, days=1, names="DNS:localhost,IP:127.0.0.1") -> tuple[Path, Path]:
        """The files of a certificate for `names` and of its key."""
        certificate, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        self.openssl(
            *("req", "-new", *self.KEY, "-keyout", key, "-out", "request", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={names}"),
        )
        self.openssl(
            *("x509", "-req", "-in", "request", "-CA", self.certificate, "-CAkey", "authority.key"),
            *("-CAcreateserial", "-copy_extensions", "copy", "-days", str(days), "-out", certificate),
        )
        return certificate, key

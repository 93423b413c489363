"""Who is who in the cases with TLS."""

from __future__ import annotations

import functools
import ssl
from pathlib import Path

from authority import Authority

from .cases import MUTUAL, PLAIN

PROTOCOLS = {1: "http/1.1", 2: "h2"}


class Certificates:
    """A certificate for the server and one for the client, from one authority."""

    def __init__(self, folder: Path):
        issuer = Authority(folder)
        self.authority = issuer.certificate
        self.server = issuer.issue("server")
        self.client = issuer.issue("client")

    @functools.cache  # noqa: B019 (one value for the whole run)
    def of_client(self, version: int, security: str) -> ssl.SSLContext | None:
        """What a client of this HTTP version says; None in plain text."""
        if security == PLAIN:
            return None
        context = ssl.create_default_context(cafile=str(self.authority))
        context.set_alpn_protocols([PROTOCOLS[version]])
        if security == MUTUAL:
            context.load_cert_chain(*self.client)
        return context

    def of_server(self, version: int, security: str) -> ssl.SSLContext | None:
        """What a server says that speaks this HTTP version alone; None in plain text."""
        if security == PLAIN:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.server)
        context.set_alpn_protocols([PROTOCOLS[version]])
        if security == MUTUAL:
            context.load_verify_locations(self.authority)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

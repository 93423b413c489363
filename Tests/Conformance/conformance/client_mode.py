"""The cases that test a client: the runner is the server."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Self

from google.protobuf import json_format

from . import compare, messages
from .cases import MUTUAL, PLAIN, Case
from .certificates import Certificates
from .stub import NAME, Stub

# Ours states a time limit with every unary call: this one where the caller names none. The official runner wants
# to see no limit then.
DEFAULT_TIMEOUT_MS = 15_000


class Client:
    """`conformance-client`, started anew for each case, and the server that it calls."""

    def __init__(self, executable: Path, certificates: Certificates):
        self.executable = executable
        self.certificates = certificates
        self.stub = Stub(certificates)

    def __enter__(self) -> Self:
        self.stub.__enter__()
        return self

    def __exit__(self, *_) -> None:
        self.stub.__exit__()

    def run(self, case: Case) -> list[str]:
        request = case.request()
        expected = case.expected(request, None if case.is_stream else DEFAULT_TIMEOUT_MS)
        request.host, request.port = self.stub.address(case.http, case.security)
        if case.security != PLAIN:
            request.server_tls_cert = self.certificates.authority.read_bytes()
        if case.security == MUTUAL:
            certificate, key = self.certificates.client
            request.client_tls_creds.cert = certificate.read_bytes()
            request.client_tls_creds.key = key.read_bytes()
        for name, value in (
            (NAME, case.title),
            ("x-expect-codec", case.codec),
            ("x-expect-compression", "gzip" if case.gzip else "identity"),
            ("x-expect-http-method", "GET" if request.use_get_http_method else "POST"),
        ):
            request.request_headers.add(name=name, value=[value])
        ended = subprocess.run(
            [self.executable],
            input=json_format.MessageToJson(request),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if ended.returncode != 0:
            return [f"conformance-client ended with {ended.returncode}: {ended.stderr.strip()[-300:]}"]
        actual = json_format.Parse(ended.stdout, messages.ClientResponseResult())
        problems = self.stub.problems(case.title, may_be_none=request.HasField("cancel"))
        return problems + compare.result(expected, actual, case.other_codes)

"""The services with certificates: among themselves, for curl, renewed, and wrongly configured."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

from authority import Authority
from running import BIN, RECOMMEND, System


@pytest.fixture
def authority(tmp_path) -> Authority:
    return Authority(tmp_path / "authority")


def serving(files: tuple[Path, Path], **more: str) -> dict[str, str]:
    return {"TLS_CERTIFICATE_FILE": str(files[0]), "TLS_KEY_FILE": str(files[1])} | more


def start(service):
    """Starts a service that speaks TLS and waits for its own health check."""
    with service.log.open("ab") as log:
        service.process = subprocess.Popen(
            [BIN / service.name, "serve"],
            cwd=service.folder,
            env=service.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + 60
    while (check := service.run("healthcheck")).returncode != 0:
        assert service.process.poll() is None, service.log.read_text()
        assert time.monotonic() < deadline, check.stderr
        time.sleep(0.1)


def curl(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(["curl", "-sS", "-m", "20", *arguments], capture_output=True, text=True)


def shown(port: int, authority: Authority) -> bytes:
    """The certificate that a server shows."""
    context = ssl.create_default_context(cafile=str(authority.certificate))
    with socket.create_connection(("127.0.0.1", port), 5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            return connection.getpeercert(binary_form=True)


def test_all_three_services_speak_tls_and_know_each_other(tmp_path, loaded, authority):
    known = {
        "TLS_CLIENT_AUTH": "require",
        "TLS_CLIENT_CA_FILE": str(authority.certificate),
        "SERVICE_CA_FILE": str(authority.certificate),
    }
    gateway = authority.issue("gateway")
    identity = {"SERVICE_CERTIFICATE_FILE": str(gateway[0]), "SERVICE_KEY_FILE": str(gateway[1])}
    behind = serving(authority.issue("service"), **known, **identity)
    front = serving(gateway, **known | identity | {"TLS_CLIENT_AUTH": "none", "TLS_CLIENT_CA_FILE": ""})
    system = System(tmp_path / "system", behind, behind, front)
    for name, service in (("EMOTION", system.emotion), ("EMBEDDING", system.embedding)):
        system.gateway.settings[f"{name}_SERVICE_URL"] = f"https://localhost:{service.port}"
    for file in loaded[0].folder.glob("catalog.sqlite*"):
        (system.folder / file.name).write_bytes(file.read_bytes())
    try:
        for service in system.services:
            start(service)
        doctor = system.gateway.run("doctor")
        assert doctor.returncode == 0, doctor.stdout
        for version in ("--http1.1", "--http2"):
            answer = curl(
                *(version, "--cacert", authority.certificate, f"https://localhost:{system.gateway.port}{RECOMMEND}"),
                *("-H", "content-type: application/json", "-d", '{"mood":"sad","limit":1}', "-w", "\n%{http_version}"),
            )
            assert '"recommendations":[{' in answer.stdout, answer
            assert "degraded" not in answer.stdout
            assert answer.stdout.endswith("\n1.1" if version == "--http1.1" else "\n2")
        # Nobody without a certificate reaches the services behind.
        refused = curl("--cacert", authority.certificate, f"https://localhost:{system.emotion.port}/livez")
        assert refused.returncode != 0 and "alert" in refused.stderr, refused
        # Who called is told by the certificate.
        assert '"caller":"certificate:gateway"' in system.emotion.log.read_text()
        # What the gateway shows follows its files too, and what is wrong with them is said.
        kept = gateway[1].read_text()
        gateway[1].write_text("nonsense")
        system.gateway.signal(signal.SIGHUP)
        deadline = time.monotonic() + 20
        while "can't be used" not in system.gateway.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        gateway[1].write_text(kept)
        del system.gateway.settings["SERVICE_CA_FILE"]
        doctor = system.gateway.run("doctor")
        assert doctor.returncode == 69
        assert "FAIL emotion-service" in doctor.stdout and "could not agree on TLS" in doctor.stdout
        plain = curl(f"http://127.0.0.1:{system.gateway.port}/livez")
        assert "TLS_REQUIRED" in plain.stdout
        for service in system.services:
            assert service.terminate() == 0
    finally:
        system.stop()


def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path, authority):
    files = authority.issue("first")
    system = System(tmp_path / "system", serving(files))
    try:
        start(system.emotion)
        before = shown(system.emotion.port, authority)
        renewed = authority.issue("second")
        for new, old in zip(renewed, files, strict=True):
            os.replace(new, old)
        system.emotion.signal(signal.SIGHUP)
        deadline = time.monotonic() + 10
        while shown(system.emotion.port, authority) == before:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert "certificates were read again" in system.emotion.log.read_text()

        renewed_key = files[1].read_text()
        files[1].write_text("nonsense")
        system.emotion.signal(signal.SIGHUP)
        while "can't be used" not in system.emotion.log.read_text():
            assert time.monotonic() < deadline + 10
            time.sleep(0.05)
        shown(system.emotion.port, authority)
        assert renewed_key not in system.emotion.log.read_text()
        assert system.emotion.terminate() == 0
    finally:
        system.stop()


def test_every_problem_with_certificates_is_told_at_once(tmp_path, authority):
    expired = authority.issue("expired", days=-1)
    settings = {
        "TLS_CERTIFICATE_FILE": str(expired[0]),
        "TLS_CLIENT_AUTH": "require",
        "MAX_CONNECTIONS": "1000000",
        "EMOTION_SERVICE_URL": "https://localhost:1",
        "SERVICE_CA_FILE": str(tmp_path / "missing"),
    }
    system = System(tmp_path / "system", gateway=settings)
    for command in ("serve", "check-config"):
        ended = system.gateway.run(command)
        assert ended.returncode == 78
        for text in (
            "TLS_CERTIFICATE_FILE: ",
            "has expired",
            "TLS_KEY_FILE: ",
            "TLS_CLIENT_CA_FILE: ",
            "MAX_CONNECTIONS: 1000000 connections need 1000256 open files",
            "SERVICE_CA_FILE: ",
            "No such file or directory",
        ):
            assert text in ended.stderr, ended.stderr

"""Services that are set up wrong: whoever runs them is told what to correct, and no caller is blamed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import time

import pytest

import errors
from running import System, send


def ready_to_be_asked(service):
    """Starts a service that will not be ready."""
    with contextlib.suppress(RuntimeError):
        service.start(patience=0)
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError):
            if send(service.port, "GET", "/livez", timeout=5).status == 200:
                return
        assert service.process.poll() is None and time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.05)


@pytest.fixture
def wired(loaded, tmp_path):
    """Starts three services with the catalog of all tests, a gateway that finds something wrong the last."""
    systems = []

    def start(system: System) -> System:
        systems.append(system)
        for file in loaded[0].folder.glob("catalog.sqlite*"):
            (tmp_path / file.name).write_bytes(file.read_bytes())
        system.emotion.start()
        system.embedding.start()
        ready_to_be_asked(system.gateway)
        return system

    yield start
    for system in systems:
        system.stop()


def readiness(system: System, line: str):
    """The gateway is not ready, and says so in this line once its checks have had the time."""
    deadline = time.monotonic() + 20
    while True:
        page = send(system.gateway.port, "GET", "/readyz?verbose")
        assert page.status == 503
        if line in page.body.decode():
            return
        assert time.monotonic() < deadline, page.body
        time.sleep(0.2)


def check(system: System, service: str, problem: str, reason: str):
    """The gateway says everywhere that `service` has this problem, and to callers that it is not theirs."""
    readiness(system, f"[-]{service} failed: {problem}\n")
    doctor = system.gateway.run("doctor")
    assert doctor.returncode == 69
    line = next(line for line in doctor.stdout.splitlines() if line.startswith(f"FAIL {service}: "))
    assert line.endswith(problem)
    health = system.gateway.run("healthcheck")
    assert health.returncode == 1 and f"[-]{service} failed: {problem}\n" in health.stderr
    answer = system.recommend("calm")
    errors.check(answer, 500, "internal")
    assert answer.json["details"][0]["debug"]["reason"] == reason
    assert "www-authenticate" not in answer.headers
    deadline = time.monotonic() + 10
    while True:
        calls = [json.loads(line) for line in system.gateway.log.read_text().splitlines() if "/Recommend" in line]
        if calls or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert [(call["level"], call["code"]) for call in calls] == [("warning", "internal")]


@pytest.mark.parametrize("shown", [{}, {"SERVICE_API_KEY": "no-such-key"}], ids=["no key", "a wrong key"])
@pytest.mark.parametrize("name", ["emotion", "embedding"])
def test_a_key_that_a_service_refuses_is_found_before_a_call_is(wired, tmp_path, name, shown):
    digest = hashlib.sha256(b"the-right-key").hexdigest()
    (tmp_path / "keys").write_text(f"gateway {digest} read,write,critical\n")
    asking = {name: {"API_KEYS_FILE": str(tmp_path / "keys")}}
    system = wired(System(tmp_path, gateway=shown, **asking))
    problem = "refused our key: see SERVICE_API_KEY"
    check(system, f"{name}-service", problem, "SERVICE_REFUSED_KEY")
    if name == "embedding":
        readiness(system, f"[-]embedding-space failed: {problem}\n")


@pytest.mark.parametrize("name", ["emotion", "embedding"])
def test_an_address_of_another_service_is_found_before_a_call_is(wired, tmp_path, name):
    system = System(tmp_path)
    other = system.embedding if name == "emotion" else system.emotion
    variable = f"{name.upper()}_SERVICE_URL"
    system.gateway.settings[variable] = other.url
    check(wired(system), f"{name}-service", f"is another service: see {variable}", "SERVICE_MISCONFIGURED")


@pytest.mark.parametrize(
    ("service", "settings", "said"),
    [
        ("emotion", {"MODEL_FILE": "text"}, "MODEL_FILE: text "),
        ("embedding", {"MODEL_FILE": "/nope"}, "MODEL_FILE: /nope "),
        ("emotion", {"PROVIDER_CA_FILE": "/nope"}, "PROVIDER_CA_FILE: /nope: No such file"),
        ("embedding", {"PROVIDER_CA_FILE": "text"}, "PROVIDER_CA_FILE: text: there is no PEM certificate"),
        ("gateway", {"CATALOG_STORE": "sqlite:/nonexist/x.sqlite"}, "CATALOG_STORE: /nonexist/x.sqlite: "),
        ("gateway", {"API_KEYS_FILE": "/nope"}, "API_KEYS_FILE: /nope: "),
        ("gateway", {"JWT_SECRET": "too-short"}, "JWT_SECRET: "),
        ("gateway", {"JWT_JWKS_FILE": "text", "JWT_AUDIENCE": "*"}, "JWT_JWKS_FILE: text: "),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, service, settings, said):
    (tmp_path / "text").write_text("this is neither a model nor a certificate nor a set of keys\n")
    system = System(tmp_path, **{service: settings})
    for command in ("serve", "check-config"):
        ended = getattr(system, service).run(command, timeout=60)
        assert ended.returncode == 78, ended.stderr
        assert said in ended.stderr and "too-short" not in ended.stderr


@pytest.mark.parametrize("variable", ["PORT", "ADMIN_PORT"])
def test_a_port_that_is_taken_is_named(tmp_path, variable):
    system = System(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        system.emotion.settings[variable] = str(port)
        ended = system.emotion.run("serve", timeout=60)
    assert ended.returncode == 1
    assert f"{variable}: can't listen on 127.0.0.1, port {port}: Address already in use" in ended.stderr

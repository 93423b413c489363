"""The files that start the product: what they promise, as far as it shows without a container engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from running import ROOT

FILES = ["docker-compose.yml", "deploy/compose.key-file.yml"]
MILVUS_FILES = ["deploy/compose.milvus.yml", "deploy/compose.milvus-three.yml"]
COMPOSE = yaml.safe_load((ROOT / FILES[0]).read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if name != "milvus"}
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()


@pytest.mark.parametrize("file", FILES + MILVUS_FILES)
def test_a_compose_file_meets_the_specification(file):
    schema = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared/data")) / "schemas/compose-spec.json"
    if not schema.exists():
        pytest.skip(f"{schema} is absent")
    specification = json.loads(schema.read_text())
    validator = jsonschema.validators.validator_for(specification, jsonschema.Draft202012Validator)(specification)
    assert [error.message for error in validator.iter_errors(yaml.safe_load((ROOT / file).read_text()))] == []


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
@pytest.mark.parametrize("files", [FILES[:1], FILES, FILES[:1] + MILVUS_FILES[:1], FILES[:1] + MILVUS_FILES])
def test_docker_compose_reads_it(files, tmp_path):
    (tmp_path / "key").write_text("x")
    result = subprocess.run(
        ["docker-compose", *[part for file in files for part in ("-f", ROOT / file)], "config"],
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "OPENAI_KEY_FILE": str(tmp_path / "key")},
    )
    assert result.returncode == 0, result.stderr
    assert {"emotion", "embedding", "gateway"} <= set(yaml.safe_load(result.stdout)["services"])


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_may_do_little(name):
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service and "cap_add" not in service
    limits = service["deploy"]["resources"]["limits"]
    assert limits["memory"] and limits["cpus"]


def test_only_the_gateway_is_published_and_only_on_this_machine():
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert list(published) == ["gateway"]
    assert all(port.startswith("127.0.0.1:") for port in published["gateway"])
    assert COMPOSE["networks"]["services"]["internal"] is True
    for name in ("catalog", "gateway", "milvus"):
        assert "providers" not in COMPOSE["services"][name]["networks"]


def test_the_gateway_waits_for_what_it_needs():
    waits = {name: each["condition"] for name, each in COMPOSE["services"]["gateway"]["depends_on"].items()}
    assert waits == {
        "emotion": "service_healthy",
        "embedding": "service_healthy",
        "catalog": "service_completed_successfully",
    }
    for name in ("emotion", "embedding", "gateway"):
        command = COMPOSE["services"][name]["healthcheck"]["test"]
        assert command[0] == "CMD" and command[2] == "healthcheck"


def test_milvus_starts_only_when_asked_for():
    assert COMPOSE["services"]["milvus"]["profiles"] == ["milvus"]
    source = COMPOSE["services"]["milvus"]["volumes"][1].split(":")[0]
    assert yaml.safe_load((ROOT / source).read_text())["listen-client-urls"]


def test_every_variable_of_the_compose_file_stands_in_the_example():
    text = "".join((ROOT / file).read_text() for file in FILES[:1] + MILVUS_FILES)
    used = set(re.findall(r"\$\{(\w+)", text))
    example = set(re.findall(r"^(\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert used == example


def test_the_settings_that_compose_gives_exist(system):
    for name, executable in [("emotion", system.emotion), ("embedding", system.embedding), ("gateway", system.gateway)]:
        known = set(re.findall(r"`(\w+)`", executable.run("check-config", "--markdown").stdout))
        given = set(COMPOSE["services"][name]["environment"])
        assert given <= known, given - known


def test_the_dockerfile_runs_only_what_deploy_run_runs_too():
    commands = re.findall(r"^RUN (.*(?:\\\n.*)*)", DOCKERFILE, re.MULTILINE)
    ours = [command for command in commands if command.startswith("deploy/")]
    assert ours == ["deploy/packages build", "deploy/build /app"]
    script = (ROOT / "deploy/run").read_text()
    assert "deploy/packages" in script and "deploy/build" in script


def test_the_images_run_without_privileges_and_check_themselves():
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    runtime = next(stage for stage in stages if " AS runtime" in stage)
    assert re.search(r"^USER 10001:10001$", runtime, re.MULTILINE)
    for name in ("emotion-service", "embedding-service", "recommendation-gateway"):
        stage = next(stage for stage in stages if stage.startswith(f"runtime AS {name}"))
        assert f'["/app/{name}", "healthcheck"]' in stage
        assert f'ENTRYPOINT ["/app/{name}"]' in stage


@pytest.mark.parametrize("service", ["emotion", "embedding", "gateway"])
def test_healthcheck_tells_a_running_service_from_none(system, tmp_path, service):
    running = getattr(system, service)
    assert running.run("healthcheck").returncode == 0
    absent = type(running)(running.name, tmp_path, {})
    assert absent.run("healthcheck").returncode == 1

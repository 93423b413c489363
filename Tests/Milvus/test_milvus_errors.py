"""What goes wrong with Milvus is told plainly to who runs the gateway, and without secrets to its callers."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest
import servers
from watching import eventually, problem_of, ready

import catalogs
import errors
from running import free_port, send

CASES = [
    ("unreachable", lambda url: f"milvus://127.0.0.1:{free_port()}", "unreachable"),
    ("missing database", lambda url: f"{url}/nowhere", "no such database"),
    ("empty", lambda url: f"{url}?prefix=empty", "run `recommendation-gateway ingest`"),
]


@pytest.mark.parametrize(("name", "store", "words"), CASES, ids=[case[0] for case in CASES])
def test_doctor_says_what_is_wrong(milvus, gateways, name, store, words):
    told = problem_of(gateways(name.replace(" ", "-"), store(milvus.url)))
    print(f"\n{name}: {told}")
    assert told.startswith("FAIL") and words in told


def test_a_collection_that_was_released_is_loaded_again(milvus, gateways, rows, tmp_path):
    system = gateways("released", f"{milvus.url}?prefix=released")
    assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows[:40]))).returncode == 0
    milvus.python('[client.release_collection(n) for n in client.list_collections() if n.startswith("released_")]')
    told = problem_of(system)
    print(f"\nnot loaded: {told}")
    assert told.startswith("ok"), told


def test_aliases_name_what_is_in_service(milvus, gateways, rows, tmp_path):
    system = gateways("aliases", f"{milvus.url}?prefix=aliases")
    assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "t.csv", rows[:40]))).returncode == 0
    found = milvus.python(
        'print(len(client.query("aliases_titles", filter="gone == false and year > 0", output_fields=["id"],'
        ' consistency_level="Strong")))'
    )
    assert found.strip() == "40"


def test_a_full_disk_is_told(gateways, rows, tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    server = servers.Milvus("lite-2.5.1", tmp_path / "disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", server.folder]
    mounted = subprocess.run(command, capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        server.start()
        system = gateways("disk", server.url)
        assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "a.csv", rows[:40]))).returncode == 0
        with (server.folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        result = system.gateway.run("ingest", str(catalogs.write(tmp_path / "b.csv", rows)), timeout=300)
        print(f"\nfull disk: {result.stderr.strip().splitlines()[-1]}")
        assert result.returncode == 69 and "Milvus" in result.stderr
    finally:
        server.kill()
        subprocess.run(["umount", server.folder], check=False)


@pytest.fixture
def read_only(tmp_path):
    """Gives a folder that can be made read-only, as a disk with a broken file system is."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folders = []

    def mount(name: str) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "--lazy", folder], check=False)


@pytest.mark.parametrize("kind", ["2.3.5", "lite-2.5.1"])
def test_a_read_only_disk_is_told(gateways, rows, tmp_path, read_only, kind):
    folder = read_only("disk")
    server = servers.Milvus(kind, folder)
    try:
        server.start()
        system = gateways("reader", f"{server.url}?prefix=disk")
        assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "a.csv", rows[:40]))).returncode == 0
        system.gateway.start()
        server.stop()
        subprocess.run(["mount", "-o", "remount,bind,ro", folder, folder], check=True)
        started = "starts"
        try:
            server.start(patience=60)
        except RuntimeError:
            assert "read-only file system" in server.log.read_text()
            started = "does not start"
        before = problem_of(system)
        result = system.gateway.run("ingest", str(catalogs.write(tmp_path / "b.csv", rows)), timeout=300)
        answer = system.recommend("a rainy evening")
        after = problem_of(system)
        print(
            f"\n{kind} {started} on a read-only disk; doctor: {before}; ingest: {result.returncode}, "
            f"{result.stderr.strip().splitlines()[-1]}; callers: {answer.status}; doctor: {after}"
        )
        assert result.returncode == 69 and "Milvus" in result.stderr
        if answer.status != 200:
            errors.check(answer, 503, "unavailable")
            assert after.startswith("FAIL") and "Milvus" in after and ready(system) == 503
        subprocess.run(["mount", "-o", "remount,bind,rw", folder, folder], check=True)
        server.kill()
        server.start()
        assert eventually(lambda: ready(system) == 200)
        assert system.gateway.run("ingest", str(tmp_path / "b.csv"), timeout=300).returncode == 0
    finally:
        server.kill()


def test_a_user_and_password_are_asked_for_and_never_told(milvus, gateways, rows, tmp_path):
    milvus.stop()
    secret = "Milvus"
    # Also as it goes over the wire.
    untold = ["Milvusx", base64.b64encode(b"root:Milvusx").decode()]
    server = servers.Milvus("2.3.5", tmp_path / "auth", auth=True)
    try:
        server.start()
        store = f"{server.url}?prefix=secured"
        allowed = {"MILVUS_USER": "root", "MILVUS_PASSWORD": secret}
        system = gateways("allowed", store, **allowed)
        file = catalogs.write(tmp_path / "t.csv", rows[:40])
        assert system.gateway.run("ingest", str(file)).returncode == 0
        system.gateway.start()
        assert system.recommend("a rainy evening").status == 200
        token = gateways("token", store, MILVUS_TOKEN=f"root:{secret}")
        assert problem_of(token).startswith("ok")

        for name, settings in [
            ("wrong-password", allowed | {"MILVUS_PASSWORD": f"{secret}x"}),
            ("wrong-token", {"MILVUS_TOKEN": f"root:{secret}x"}),
            ("none", {}),
        ]:
            refused = gateways(name, store, **settings)
            told = problem_of(refused)
            print(f"\n{name}: {told}")
            assert told.startswith("FAIL") and "MILVUS_PASSWORD" in told
            with pytest.raises(RuntimeError, match="not ready"):
                refused.gateway.start(patience=3)
            answer = refused.recommend("a rainy evening")
            errors.check(answer, 503, "unavailable")
            assert ready(refused) == 503
            body = send(refused.gateway.port, "GET", "/readyz").body.decode()
            assert "MILVUS_PASSWORD" in body
            lines = [json.loads(line) for line in refused.gateway.log.read_text().splitlines() if line[:1] == "{"]
            reasons = [line["reason"] for line in lines if line.get("check") == "catalog"]
            # Looked at some fifty times, told once.
            assert len(reasons) == 1 and "unauthenticated" in reasons[0], reasons
            for text in (told, answer.body.decode(), refused.logs(), body):
                assert not any(each in text for each in untold), text
    finally:
        server.stop()
        milvus.start()
    assert eventually(milvus.is_up)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"MILVUS_USER": "root"}, "set both or none"),
        ({"MILVUS_PASSWORD": "p"}, "set both or none"),
        ({"MILVUS_TOKEN": "t", "MILVUS_USER": "root", "MILVUS_PASSWORD": "p"}, "keep one"),
    ],
)
def test_half_of_the_credentials_is_a_problem_of_the_configuration(gateways, settings, words):
    result = gateways("half", "milvus://127.0.0.1:1", **settings).gateway.run("check-config")
    assert result.returncode == 78 and words in result.stderr

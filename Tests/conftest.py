from __future__ import annotations

import re

import pytest

import catalogs
from running import BIN, Service, System


def pytest_configure(config):
    if not (BIN / "recommendation-gateway").exists():
        raise pytest.UsageError(f"no executables in {BIN}: swift build, or set BIN")


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """The services with a catalog of `catalogs.TITLES` titles, and what loading it printed."""
    settings = {"READ_TIMEOUT_SECONDS": "3", "DRAIN_DELAY_SECONDS": "0"}
    system = System(tmp_path_factory.mktemp("system"), settings, settings, settings)
    try:
        system.emotion.start()
        system.embedding.start()
        file = catalogs.write(system.folder / "titles.csv", catalogs.sixty())
        ingest = system.gateway.run("ingest", str(file))
        system.gateway.start()
        yield system, ingest
    finally:
        system.stop()


@pytest.fixture(scope="session")
def system(loaded) -> System:
    """Running services that no test may stop or change."""
    return loaded[0]


@pytest.fixture
def own_system(tmp_path, loaded, request):
    """Running services with the same catalog, for a test that stops some of them.

    A parameter, if the test has one, is settings for all three.
    """
    settings = {"DRAIN_DELAY_SECONDS": "1"} | getattr(request, "param", {})
    system = System(tmp_path, settings, settings, settings)
    for file in loaded[0].folder.glob("catalog.sqlite*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    try:
        for service in system.services:
            service.start()
        yield system
    finally:
        system.stop()


#: Keys that tests use, as they would stand in a file.
KEYS = [
    "sk-test-5f1c0a77",
    "sk-batch-77aa01",
    "sk-vendor-4f0c2e91",
    "sk-proxy-1c9b",
    "gateway-secret",
    "reader-secret",
    "editor-secret",
]
#: Moods and titles that tests use.
TEXTS = ["nobody is here to celebrate", "Test Title "]
#: Where titles and moods belong: what the tests hand in, the catalog, answers to a person's question, the
#: examples of the contracts and code made of them, and the logs of servers that are none of ours.
HOLDS_TEXTS = re.compile(r"\.(csv|tsv|sqlite(-wal|-shm)?|evaluate\.out|pyc?|binpb)$|^log$|^infinity\.txt$")


@pytest.fixture(scope="session", autouse=True)
def files_keep_secrets(tmp_path_factory):
    """At its end, searches every file that a run has left: logs, what commands printed, journals, budgets."""
    yield
    files = [path for path in tmp_path_factory.getbasetemp().rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.suffix == ".log" for path in files) or not Service.started
    found = []
    for path in files:
        content = path.read_bytes()
        texts = [] if HOLDS_TEXTS.search(path.name) else TEXTS
        found += [f"{path}: {text}" for text in KEYS + texts if text.encode() in content]
    assert found == []

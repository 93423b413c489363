"""Every vendor's API over HTTP: each body held against the vendor's own types, each address and key
field against those of the vendor's own client, and the reply against that client too."""

from __future__ import annotations

import dataclasses
import re

import pytest
import vendor_server
from checks import CHECKS
from vendors import CHAT, EMBEDDINGS, KEY, TEXT

from running import Service, call, send

EXTRACT = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
ANNOTATE = "/netflixgpt.emotion.v1.EmotionService/AnnotateTitles"
EMBED = "/netflixgpt.embedding.v1.EmbeddingService/Embed"
KEY_FIELDS = ("authorization", "api-key", "x-api-key", "x-goog-api-key")


@pytest.fixture
def server():
    with vendor_server.Server() as running:
        yield running


@pytest.fixture
def start(tmp_path, server):
    """Starts a service with one vendor; nothing of a key or a text may be in its log."""
    services = []

    def start(name: str, variable: str, vendor) -> Service:
        settings = {variable: vendor.name, "DRAIN_DELAY_SECONDS": "0", "LOG_LEVEL": "debug"}
        service = Service(name, tmp_path, settings | vendor.settings(server.url))
        services.append(service)
        return service.start()

    yield start
    for service in services:
        service.kill()
        log = service.log.read_text()
        assert KEY not in log and TEXT not in log and "nobody is here" not in log


def with_settings(vendor, more: dict[str, str]):
    return dataclasses.replace(vendor, settings=lambda url: vendor.settings(url) | more)


def check(vendor, requests):
    """Holds each body against the vendor's types; skips the test, once all else is seen to be right, where
    they are not at hand."""
    assert requests
    missing = None
    for request in requests:
        last = re.split(r"[/:?]", request.path.split("?")[0])[-1]
        try:
            CHECKS[vendor.row, last](request.body)
        except FileNotFoundError as error:
            missing = error.filename
        fields = {name: request.headers[name] for name in KEY_FIELDS if name in request.headers}
        assert len(fields) == 1 and KEY in next(iter(fields.values())), fields
    if missing:
        pytest.skip(f"bodies are not checked without {missing}: set SHARED_DATA")


@pytest.mark.parametrize("vendor", CHAT, ids=str)
def test_moods_and_titles_are_asked_for_in_every_form(vendor, server, start):
    service = start("emotion-service", "EMOTION_PROVIDERS", vendor)
    refused: set[str] = set()
    for form in vendor.forms or [None]:
        server.refused = set(refused)
        answer = call(service.port, EXTRACT, {"mood": f"{TEXT} ({form})"}).json
        assert [emotion["name"] for emotion in answer["emotions"]] == ["pride", "loneliness"], answer
        assert answer["usage"]["provider"] == vendor.name
        tokens = (answer["usage"]["inputTokens"], answer["usage"]["outputTokens"])
        assert tokens == ((321, 45) if form else (0, 0))
        assert server.requests[-1].form == form
        refused.add(form)
    server.refused = set()
    titles = [{"id": f"mine-{index}", "name": f"Title {index}", "description": "A tale."} for index in range(12)]
    annotations = call(service.port, ANNOTATE, {"titles": titles}, timeout=60).json["annotations"]
    assert [each["id"] for each in annotations] == [title["id"] for title in titles]
    for annotation in annotations:
        # A classifier knows no emojis.
        assert ("failure" in annotation) == (not vendor.forms), annotation
    check(vendor, server.requests)


@pytest.mark.parametrize("vendor", EMBEDDINGS, ids=str)
def test_vectors_come_in_order_with_length_one(vendor, server, start):
    service = start("embedding-service", "EMBEDDING_PROVIDER", vendor)
    texts = [f"text {index}" for index in range(150)]
    answer = call(service.port, EMBED, {"texts": texts}, timeout=60).json
    for text, embedding in zip(texts, answer["embeddings"], strict=True):
        assert embedding["values"] == pytest.approx(vendor_server.unit(text), abs=1e-5)
    assert answer["space"]["dimensions"] == vendor_server.DIMENSIONS
    assert "127.0.0.1" not in answer["space"]["fingerprint"]
    check(vendor, server.requests)


@pytest.mark.parametrize("vendor", [each for each in CHAT if each.client], ids=str)
def test_a_chat_goes_where_the_vendors_own_client_sends_it(vendor, server, start):
    vendor.client(server.url)
    theirs = server.requests[-1]
    service = start("emotion-service", "EMOTION_PROVIDERS", vendor)
    call(service.port, EXTRACT, {"mood": TEXT})
    same_address(vendor, server.requests[-1], theirs)


@pytest.mark.parametrize("vendor", [each for each in EMBEDDINGS if each.client], ids=str)
def test_texts_go_where_the_vendors_own_client_sends_them(vendor, server, start):
    vendor.client(server.url)
    theirs = server.requests[-1]
    service = start("embedding-service", "EMBEDDING_PROVIDER", vendor)
    call(service.port, EMBED, {"texts": ["a"]})
    same_address(vendor, server.requests[-1], theirs)


def same_address(vendor, ours, theirs):
    def place(request):
        # Each model stands in its own path.
        return re.sub(r"models/[^:/]+", "models/M", request.path)

    assert ours.method == theirs.method == "POST"
    assert place(ours) == place(theirs)
    assert ours.headers["content-type"] == "application/json"
    # Their client may send the key twice, as Azure's takes either; Ollama's sends none.
    sent = [name for name in KEY_FIELDS if name in theirs.headers]
    if sent and vendor.name != "anthropic":
        assert any(ours.headers.get(name) == theirs.headers[name] for name in sent)
    if vendor.name == "anthropic":
        assert ours.headers["anthropic-version"] == theirs.headers["anthropic-version"]
        # Either field is read.
        assert ours.headers["x-api-key"] == KEY
    # What both say is of the same kind.
    for name in set(ours.body) & set(theirs.body):
        kinds = {type(ours.body[name]), type(theirs.body[name])} - {type(None)}
        assert len(kinds) == 1 or name == "input", name


@pytest.mark.parametrize("vendor", [each for each in CHAT if each.name not in ("tei", "azure")], ids=str)
def test_doctor_names_the_models_where_the_configured_one_is_unknown(vendor, server, tmp_path):
    server.fault = lambda number: (404, {}, {"error": {"message": "model not found", "code": "model_not_found"}})
    settings = {"EMOTION_PROVIDERS": vendor.name} | vendor.settings(server.url)
    result = Service("emotion-service", tmp_path, settings).run("doctor")
    assert result.returncode == 69
    assert "unknown" in result.stdout and "model-a, model-b" in result.stdout, result.stdout
    assert KEY not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "fault,words",
    [
        ((401, {}, {"error": {"code": "invalid_api_key"}}), "key is rejected"),
        ((429, {}, {"error": {"code": "insufficient_quota"}}), "no credit"),
        ((429, {"retry-after": "3600"}, {"error": {"code": "rate_limit_exceeded"}}), r"rate limited until \d\d:\d\d"),
        ((503, {}, {"error": {"message": "busy"}}), "overloaded"),
        ((200, {}, {"choices": [{"message": {"content": "I feel it."}}]}), "not with what it is asked for"),
    ],
)
def test_doctor_says_in_plain_words_what_is_wrong(fault, words, server, tmp_path):
    server.fault = lambda number: fault
    vendor = CHAT[0]
    settings = {"EMOTION_PROVIDERS": vendor.name} | vendor.settings(server.url)
    result = Service("emotion-service", tmp_path, settings).run("doctor")
    assert result.returncode == 69
    assert re.search(words, result.stdout), result.stdout


def test_doctor_says_which_form_is_used_and_which_prompts(server, tmp_path):
    server.refused = {"schema"}
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("version 9-mine\n[mood]\nRead the mood.\n[titles]\nDescribe the titles.\n")
    vendor = CHAT[0]
    settings = {"EMOTION_PROVIDERS": vendor.name, "PROMPTS_FILE": str(prompts)} | vendor.settings(server.url)
    result = Service("emotion-service", tmp_path, settings).run("doctor")
    assert result.returncode == 0, result.stdout
    assert "using a forced tool" in result.stdout and "version 9-mine" in result.stdout
    assert server.requests[-1].body["messages"][0]["content"] == "Read the mood."


def test_a_gauge_tells_which_form_is_in_use(server, start):
    def shown() -> dict[str, str]:
        text = send(service.port, "GET", "/metrics").body.decode()
        return dict(re.findall(r'provider_answer_form{[^}]*form="(\w+)"[^}]*} (\S+)', text))

    service = start("emotion-service", "EMOTION_PROVIDERS", CHAT[0])
    assert shown() == {}
    assert call(service.port, EXTRACT, {"mood": TEXT}).status == 200
    assert shown() == {"schema": "1", "tool": "0", "object": "0", "text": "0"}
    server.refused = {"schema"}
    assert call(service.port, EXTRACT, {"mood": f"{TEXT}!"}).status == 200
    assert shown() == {"schema": "0", "tool": "1", "object": "0", "text": "0"}


def test_an_unforeseen_server_is_spoken_to_as_it_wants(server, start):
    vendor = next(each for each in CHAT if each.name == "compatible")
    own = {
        "COMPATIBLE_KEY_FIELD": "X-Token",
        "COMPATIBLE_HEADER": "X-Team: films\nX-Zone: eu",
        "COMPATIBLE_BODY": '{"seed": 7, "extra": {"thinking": false}}',
        "COMPATIBLE_FORMS": "object,text",
        "COMPATIBLE_MAX_TOKENS_NAME": "max_completion_tokens",
    }
    service = start("emotion-service", "EMOTION_PROVIDERS", with_settings(vendor, own))
    assert call(service.port, EXTRACT, {"mood": TEXT}).status == 200
    request = server.requests[-1]
    assert request.headers["x-token"] == KEY and "authorization" not in request.headers
    assert (request.headers["x-team"], request.headers["x-zone"]) == ("films", "eu")
    assert (request.body["seed"], request.body["extra"]) == (7, {"thinking": False})
    assert request.form == "object" and request.body["max_completion_tokens"] == 500


@pytest.mark.parametrize(
    "own,names",
    [
        ({"COMPATIBLE_HEADER": "no colon"}, "COMPATIBLE_HEADER"),
        ({"COMPATIBLE_BODY": "[1]"}, "COMPATIBLE_BODY"),
        ({"COMPATIBLE_FORMS": "schema,schema"}, "COMPATIBLE_FORMS"),
        ({"PROMPTS_FILE": "/nonexistent"}, "PROMPTS_FILE"),
        ({"EMOTION_PROVIDERS": "openia"}, "EMOTION_PROVIDERS"),
    ],
)
def test_a_malformed_setting_is_refused_by_name(own, names, tmp_path):
    vendor = next(each for each in CHAT if each.name == "compatible")
    settings = {"EMOTION_PROVIDERS": "compatible"} | vendor.settings("http://127.0.0.1:9") | own
    result = Service("emotion-service", tmp_path, settings).run("check-config")
    assert result.returncode == 78 and names in result.stderr, result.stderr


def test_anthropic_takes_a_bearer_token_and_another_version(server, start):
    vendor = next(each for each in CHAT if each.name == "anthropic")
    own = {"ANTHROPIC_KEY_FIELD": "authorization", "ANTHROPIC_VERSION": "2023-06-01"}
    service = start("emotion-service", "EMOTION_PROVIDERS", with_settings(vendor, own))
    assert call(service.port, EXTRACT, {"mood": TEXT}).status == 200
    headers = server.requests[-1].headers
    assert headers["authorization"] == f"Bearer {KEY}" and "x-api-key" not in headers
    assert headers["anthropic-version"] == "2023-06-01"


def test_an_old_deployment_gets_one_text_at_a_time(server, start):
    vendor = next(each for each in EMBEDDINGS if each.row == "azure-classic")
    one = {"AZURE_OPENAI_EMBEDDING_INPUTS": "1"}
    service = start("embedding-service", "EMBEDDING_PROVIDER", with_settings(vendor, one))
    assert call(service.port, EMBED, {"texts": ["a", "b", "c"]}).status == 200
    assert [request.body["input"] for request in server.requests] == [["a"], ["b"], ["c"]]
    assert all("api-version=2024-10-21" in request.path for request in server.requests)


@pytest.mark.parametrize("name,variable", [("emotion-service", "EMOTION_PROVIDERS")])
@pytest.mark.parametrize("vendor", ["openai", "azure", "vllm", "compatible", "tei", "anthropic"])
def test_what_a_vendor_lacks_is_said_at_the_start(vendor, name, variable, tmp_path):
    result = Service(name, tmp_path, {variable: vendor}).run("check-config")
    assert result.returncode == 78
    assert f"the provider {vendor} needs" in result.stderr, result.stderr


def test_models_that_may_differ_stand_in_for_each_other_only_when_they_are_said_to_be_one(server, tmp_path):
    settings = {"EMBEDDING_PROVIDER": "openai,azure", "DRAIN_DELAY_SECONDS": "0"}
    for vendor in EMBEDDINGS[:2]:
        settings |= vendor.settings(server.url)
    result = Service("embedding-service", tmp_path, settings).run("check-config")
    assert result.returncode == 78 and "EMBEDDING_SPACE" in result.stderr, result.stderr
    service = Service("embedding-service", tmp_path, settings | {"EMBEDDING_SPACE": "small"}).start()
    try:
        server.fault = lambda number: (401, {}, {}) if "/openai/" not in server.requests[number].path else None
        answer = call(service.port, EMBED, {"texts": ["sea"]}).json
        assert answer["usage"]["provider"] == "azure"
        assert answer["degraded"] == [
            {"stage": "embed", "from": "openai", "to": "azure", "reason": "UNAUTHENTICATED"}
        ]
        assert answer["space"]["fingerprint"] == "shared/small/8/normalized/1"
    finally:
        service.kill()

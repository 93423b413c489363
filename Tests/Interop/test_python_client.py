"""connectrpc's Python client, generated from our contracts, over every codec, encoding and version of HTTP."""

from __future__ import annotations

import importlib
import struct
import uuid

import pytest
from connectrpc.code import Code
from connectrpc.codec import proto_binary_codec, proto_json_codec
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from pyqwest import HTTPVersion, SyncClient, SyncHTTPTransport

MOOD = "It has rained all week and I miss my grandmother"


@pytest.fixture(scope="module")
def modules(client):
    def load(area: str):
        base = f"{client.__name__}.netflixgpt.{area}.v1.{area}"
        return importlib.import_module(base + "_connect"), importlib.import_module(base + "_pb")

    return load


@pytest.fixture(params=["h1", "h2"])
def http(request):
    version = HTTPVersion.HTTP1 if request.param == "h1" else HTTPVersion.HTTP2
    with SyncHTTPTransport(http_version=version) as transport:
        yield SyncClient(transport)


@pytest.fixture(params=["json", "proto"])
def codec(request):
    return proto_json_codec() if request.param == "json" else proto_binary_codec()


@pytest.fixture(params=["gzip", "identity"])
def options(request, http, codec):
    if request.param == "gzip":
        compression = {"send_compression": GzipCompression(), "accept_compression": [GzipCompression()]}
    else:
        compression = {"send_compression": None, "accept_compression": []}
    return {"http_client": http, "codec": codec} | compression


@pytest.mark.parametrize("use_get", [False, True], ids=["POST", "GET"])
def test_recommend(system, modules, options, use_get):
    connect, messages = modules("recommendation")
    client = connect.RecommendationServiceClientSync(system.gateway.url, **options)
    request = messages.RecommendRequest(mood=MOOD, limit=5)
    answer = client.recommend(request, use_get=use_get, timeout_ms=10_000)
    assert len(answer.recommendations) == 5
    for item in answer.recommendations:
        parts = list(item.explanation.emotions)
        if item.explanation.content is not None:
            parts.append(item.explanation.content)
        assert sum(part.contribution for part in parts) == pytest.approx(item.score, abs=1e-5)
    # The same over any codec and version of HTTP.
    plain = system.recommend(MOOD, limit=5).json
    assert [item.title.id for item in answer.recommendations] == [
        item["title"]["id"] for item in plain["recommendations"]
    ]


def test_other_methods(system, modules, options):
    connect, messages = modules("recommendation")
    client = connect.RecommendationServiceClientSync(system.gateway.url, **options)
    batch = client.batch_recommend(
        messages.BatchRecommendRequest(
            requests=[messages.RecommendRequest(mood="calm"), messages.RecommendRequest(mood=" ")]
        )
    )
    assert [result.outcome.field for result in batch.results] == ["response", "failure"]
    assert client.get_title(messages.GetTitleRequest(id="tm2")).title.name == 'The "Quoted", One'
    assert len(client.similar_titles(messages.SimilarTitlesRequest(id="tm2", limit=3)).recommendations) == 3
    connect, messages = modules("catalog")
    catalog = connect.CatalogServiceClientSync(system.gateway.url, **options)
    assert catalog.get_catalog_status(messages.GetCatalogStatusRequest()).store == "sqlite"
    connect, messages = modules("emotion")
    emotion = connect.EmotionServiceClientSync(system.emotion.url, **options)
    assert emotion.extract_emotions(messages.ExtractEmotionsRequest(mood=MOOD)).emotions
    titles = [messages.TitleText(id="a", name="A Quiet Farewell", description="Two friends part.")]
    [annotation] = emotion.annotate_titles(messages.AnnotateTitlesRequest(titles=titles)).annotations
    assert annotation.id == "a" and len(annotation.emotions) == 8


def test_embed_gives_the_same_vectors_as_numbers_and_as_bytes(system, modules, options):
    connect, messages = modules("embedding")
    client = connect.EmbeddingServiceClientSync(system.embedding.url, **options)
    encoding = messages.VectorEncoding
    texts = ["joy", "quiet longing", "joy"]
    numbers = client.embed(messages.EmbedRequest(texts=texts, encoding=encoding.FLOAT))
    packed = client.embed(messages.EmbedRequest(texts=texts, encoding=encoding.PACKED))
    space = client.get_embedding_space(messages.GetEmbeddingSpaceRequest()).space
    assert numbers.space.fingerprint == packed.space.fingerprint == space.fingerprint
    for left, right in zip(numbers.embeddings, packed.embeddings, strict=True):
        values = struct.unpack(f"<{space.dimensions}f", right.packed)
        assert list(left.values) == pytest.approx(values, abs=1e-6)
        assert sum(value * value for value in values) == pytest.approx(1, abs=1e-3)
    assert packed.embeddings[0].packed == packed.embeddings[2].packed


def test_an_error_carries_its_details(client, system, modules, options):
    connect, messages = modules("recommendation")
    details = importlib.import_module(f"{client.__name__}.google.rpc.error_details_pb")
    caller = connect.RecommendationServiceClientSync(system.gateway.url, **options)
    with pytest.raises(ConnectError) as raised:
        caller.recommend(messages.RecommendRequest(mood="calm", limit=101))
    assert raised.value.code == Code.INVALID_ARGUMENT
    by_type = {detail.type_name: detail for detail in raised.value.details}
    assert by_type["google.rpc.ErrorInfo"].value(details.ErrorInfo).domain == "netflixgpt"
    [violation] = by_type["google.rpc.BadRequest"].value(details.BadRequest).field_violations
    assert violation.field == "limit"


def test_a_deadline(system, modules, options):
    connect, messages = modules("recommendation")
    caller = connect.RecommendationServiceClientSync(system.gateway.url, **options)
    # Moods that nobody has asked before: an answer that is kept, or a fast machine's, may come in time.
    codes = set()
    for _ in range(10):
        try:
            caller.recommend(messages.RecommendRequest(mood=f"{MOOD} {uuid.uuid4()}"), timeout_ms=1)
        except ConnectError as error:
            codes.add(error.code)
    assert codes == {Code.DEADLINE_EXCEEDED}


def test_watch_streams_until_its_time_is_up(client, system, options):
    base = f"{client.__name__}.grpc.health.v1.health"
    connect, messages = importlib.import_module(base + "_connect"), importlib.import_module(base + "_pb")
    health = connect.HealthClientSync(system.gateway.url, **options)
    serving = messages.HealthCheckResponse.ServingStatus.SERVING
    statuses = []
    with pytest.raises(ConnectError) as raised:
        for answer in health.watch(messages.HealthCheckRequest(), timeout_ms=500):
            statuses.append(answer.status)
    assert raised.value.code == Code.DEADLINE_EXCEEDED
    assert statuses == [serving]
    assert health.list(messages.HealthListRequest()).statuses[""].status == serving

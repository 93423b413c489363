"""What an answer promises, on the test catalog and the local models."""

from __future__ import annotations

import pytest

import catalogs
from running import RECOMMEND, call, send

MOODS = ["I miss my grandmother and it rains", "furious at my boss", "\U0001f62d\U0001f494"]


@pytest.mark.parametrize("mood", MOODS)
def test_an_answer_holds_what_the_contract_says(system, mood):
    answer = system.recommend(mood, limit=20)
    assert answer.status == 200, answer.body
    assert "server-timing" in answer.headers
    body = answer.json
    intensities = [emotion["intensity"] for emotion in body["emotions"]]
    assert 1 <= len(intensities) <= 8
    assert intensities == sorted(intensities, reverse=True)
    assert all(0 <= intensity <= 1 for intensity in intensities)
    names = [emotion["name"] for emotion in body["emotions"]]
    assert len(set(names)) == len(names)
    found = body["recommendations"]
    assert len(found) == 20
    assert body["candidates"] == catalogs.TITLES
    assert body["exact"] is True
    ranked = [(-item["score"], item["title"]["id"]) for item in found]
    assert ranked == sorted(ranked)
    for item in found:
        parts = list(item["explanation"]["emotions"])
        if "content" in item["explanation"]:
            parts.append(item["explanation"]["content"])
        assert sum(part["contribution"] for part in parts) == pytest.approx(item["score"], abs=1e-5)
        assert sum(part["weight"] for part in parts) == pytest.approx(1, abs=1e-5)
        for part in parts:
            assert part["contribution"] == pytest.approx(part["similarity"] * part["weight"], abs=1e-5)
        assert len(item["title"]["emotions"]) == 8
        assert 3 <= len(item["title"]["emojis"]) <= 8


def test_the_same_request_gets_the_same_answer(system):
    def answer(**fields):
        body = system.recommend(MOODS[0], limit=10, **fields).json
        return [(item["title"]["id"], item["score"]) for item in body["recommendations"]]

    assert answer() == answer()
    assert answer(seed=7) == answer(seed=7)
    assert len({tuple(answer(seed=seed)) for seed in range(6)}) > 1


@pytest.mark.parametrize(
    "condition,holds",
    [
        ({"types": ["TITLE_TYPE_SHOW"]}, lambda title: title["type"] == "TITLE_TYPE_SHOW"),
        ({"genresAny": ["drama", "war"]}, lambda title: {"drama", "war"} & set(title["genres"])),
        ({"genresAll": ["drama", "war"]}, lambda title: {"drama", "war"} <= set(title["genres"])),
        ({"genresNone": ["drama"]}, lambda title: "drama" not in title.get("genres", [])),
        ({"minYear": 1990, "maxYear": 1999}, lambda title: 1990 <= title["releaseYear"] <= 1999),
        ({"minRuntimeMinutes": 60}, lambda title: title["runtimeMinutes"] >= 60),
        ({"maxRuntimeMinutes": 60}, lambda title: title["runtimeMinutes"] <= 60),
        ({"minScore": 7}, lambda title: title.get("imdbScore", title.get("tmdbScore", -1)) >= 7),
        ({"maxAgeRating": "PG-13"}, lambda title: title["ageRating"] in ("PG", "PG-13")),
        (
            {"maxAgeRating": "PG", "includeUnrated": True},
            lambda title: title.get("ageRating", "PG") == "PG",
        ),
        ({"includeUnrated": False}, lambda title: "ageRating" in title),
        ({"excludeIds": ["tm1", "ts3"]}, lambda title: title["id"] not in ("tm1", "ts3")),
    ],
    ids=str,
)
def test_every_title_meets_the_filter(system, condition, holds):
    body = system.recommend("calm", limit=100, filter=condition).json
    titles = [item["title"] for item in body["recommendations"]]
    assert 0 < len(titles) == body["candidates"] <= catalogs.TITLES
    if condition != {"excludeIds": ["tm1", "ts3"]} or len(titles) == catalogs.TITLES - 2:
        assert len(titles) < catalogs.TITLES
    assert all(holds(title) for title in titles)


def test_a_filter_that_no_title_passes_gives_an_empty_answer(system):
    body = system.recommend("calm", filter={"minYear": 2099}).json
    assert body["candidates"] == 0
    assert body.get("recommendations", []) == []
    assert body["emotions"]


def test_lifting_seeks_other_emotions_than_the_mood_has(system):
    body = system.recommend("I am desperate and full of grief", goal="GOAL_LIFT").json
    sought = {emotion["name"] for emotion in body["sought"]}
    assert sought and sought != {emotion["name"] for emotion in body["emotions"]}


def test_other_methods(system):
    def ask(method, message):
        answer = call(system.gateway.port, RECOMMEND.replace("/Recommend", f"/{method}"), message)
        assert answer.status == 200, answer.body
        return answer.json

    title = ask("GetTitle", {"id": "tm2"})["title"]
    assert title["name"] == 'The "Quoted", One'
    assert title["description"] == 'Line one,\nline "two",\n\nline four.'
    similar = ask("SimilarTitles", {"id": "tm2", "limit": 5})
    assert similar["title"]["id"] == "tm2"
    ids = [item["title"]["id"] for item in similar["recommendations"]]
    assert len(ids) == 5 and "tm2" not in ids
    path = "/netflixgpt.catalog.v1.CatalogService/GetCatalogStatus"
    status = call(system.gateway.port, path, {}).json
    assert status["titles"] == catalogs.TITLES
    assert status["store"] == "sqlite" and status["version"] and status["embeddingFingerprint"]
    assert status["genres"] == sorted(status["genres"])


@pytest.mark.parametrize("service", ["emotion", "embedding", "gateway"])
def test_every_service_says_how_it_is(system, service):
    port = getattr(system, service).port
    for path in ["/livez", "/readyz", "/startupz", "/readyz?verbose"]:
        assert send(port, "GET", path).status == 200, path
    health = "/grpc.health.v1.Health/Check"
    assert call(port, health, {}).json == {"status": "SERVING"}
    assert send(port, "GET", health + "?encoding=json&message=%7B%7D").json == {"status": "SERVING"}
    assert call(port, health, {"service": "no.such.Service"}).status == 404
    assert len(send(port, "GET", "/schema.binpb").body) > 1000

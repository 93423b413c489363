"""The evaluate commands: figures for programs, of the local models and of a provider behind the wire."""

from __future__ import annotations

import json

import pytest

import openai_server
from running import ROOT, System

MOODS = "I got the job\tpride\tanger\twork\nmy cat died\tgrief,sadness\tjoy\tloss\n"
COMMENTS = "Thank you so much!\t15\tid1\nI am so proud of you\t21\tid2\n"
TAGGED = "title,description,genres,emotions,emojis\nDark,A ghost hunts a family.,['horror'],\"[fear, suspense]\",👻\n"


def figures(service, *arguments) -> dict:
    result = service.run("evaluate", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_local_models_are_measured_without_any_service(tmp_path):
    system = System(tmp_path)
    (tmp_path / "moods.tsv").write_text(MOODS)
    moods = figures(system.emotion, "--moods", "moods.tsv")
    assert {"firstHit", "top3Hit", "forbiddenTop3"} <= moods.keys() and moods["unanswered"] == 0
    assert moods["firstHitByGroup"].keys() == {"work", "loss"}
    (tmp_path / "dev.tsv").write_text(COMMENTS)
    comments = figures(system.emotion, "--goemotions", "dev.tsv")
    assert {"macroF1", "microF1", "ekmanMacroF1", "sentimentMacroF1", "mAP"} <= comments.keys()
    assert comments["perLabel"]["gratitude"] == 1
    (tmp_path / "titles.csv").write_text(TAGGED)
    titles = figures(system.emotion, "--tags", "titles.csv")
    assert titles["distinctTags"] == 8 and titles["precisionAt8"] >= 0.125
    words = figures(system.embedding, "--pairs", str(ROOT / "Tests/LocalModelsTests/Fixtures/pairs.tsv"))
    assert words["pairs"] >= 300 and len(words["neighbours"]) == 30
    table = system.emotion.run("evaluate", "--moods", "moods.tsv").stdout
    assert "firstHit " in table and "  loss" in table


def test_another_provider_is_measured_on_the_same_files(tmp_path):
    with openai_server.Vendor() as vendor:
        settings = {"OPENAI_API_KEY": "sk-test-evaluate", "OPENAI_BASE_URL": f"{vendor.url}/v1"}
        system = System(
            tmp_path,
            settings | {"EMOTION_PROVIDERS": "openai,local"},
            settings | {"EMBEDDING_PROVIDER": "openai"},
        )
        (tmp_path / "moods.tsv").write_text(MOODS)
        moods = figures(system.emotion, "--moods", "moods.tsv", "--provider", "openai")
        # It reads pride and loneliness in everything.
        assert (moods["firstHit"], moods["firstHitByGroup"]) == (0.5, {"work": 1, "loss": 0})
        assert len(vendor.requests) == 2
        (tmp_path / "dev.tsv").write_text(COMMENTS)
        comments = figures(system.emotion, "--goemotions", "dev.tsv", "--provider", "openai", "--rows", "1")
        assert comments["perLabel"]["pride"] == 0 and comments["unanswered"] == 0
        (tmp_path / "titles.csv").write_text(TAGGED)
        assert figures(system.emotion, "--tags", "titles.csv", "--provider", "openai")["distinctTags"] == 8
        assert figures(system.embedding)["words"] > 100
        vendor.fault = "bad key"
        failed = figures(system.emotion, "--moods", "moods.tsv", "--provider", "openai")
        assert failed["unanswered"] == 2
        assert vendor.invalid == []


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--moods", "nowhere.tsv"), 66, "can't be read"),
        (("--moods", "bad.tsv"), 65, "not a line"),
        (("--moods", "empty.tsv"), 65, "empty.tsv has no rows"),
        (("--goemotions", "empty.tsv"), 65, "empty.tsv has no rows"),
        (("--moods", "bad.tsv", "--provider", "openai"), 78, "does not name openai"),
        (("--moods", "bad.tsv", "--tags", "bad.tsv"), 64, "one of"),
    ],
)
def test_what_can_not_be_measured_is_said(tmp_path, arguments, status, said):
    (tmp_path / "bad.tsv").write_text("no tabs\n")
    (tmp_path / "empty.tsv").write_text("\n")
    result = System(tmp_path).emotion.run("evaluate", *arguments)
    assert result.returncode == status, result.stderr
    assert said in result.stderr


@pytest.mark.parametrize(
    ("option", "said"), [("--moods", "empty.tsv has no rows"), ("--goemotions", "no comment tells an emotion")]
)
def test_nothing_is_no_measure_of_the_gateway(system, tmp_path, option, said):
    file = tmp_path / "empty.tsv"
    file.write_text("\n")
    result = system.gateway.run("evaluate", option, str(file))
    assert (result.returncode, result.stdout) == (65, "")
    assert said in result.stderr


def test_moods_to_titles_are_measured_beside_the_seeds_way(system, tmp_path):
    file = tmp_path / "moods.tsv"
    file.write_text("I want to laugh\tintent\tcomedy\nscare me\tintent\thorror\nthe sea\ttopic\t\tsea,ship\n")
    comments = tmp_path / "comments.tsv"
    comments.write_text("".join(f"I am so {word} {n}\t{n % 2}\tid\n" for n in range(8) for word in ("happy", "angry")))
    found = figures(system.gateway, "--moods", str(file), "--goemotions", str(comments), "--examples", "2")
    ways = found["titles"]["figures"]
    assert ways.keys() == {"configured", "emotionsAlone", "textAlone", "seedMode", "withoutGenres"}
    assert all(kinds.keys() == {"intent", "topic"} for kinds in ways.values())
    assert len(found["titles"]["examples"]) == 2 and len(found["titles"]["worst"]) == 3
    assert 0 <= found["comments"]["ndcgAt10"] <= 1
    assert system.gateway.run("evaluate").returncode == 64

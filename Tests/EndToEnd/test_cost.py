"""What calls cost, and budgets of the day, with the real services against a server of OpenAI's API."""

from __future__ import annotations

import json

import pytest

import errors
import openai_server
from running import Service, System, call
from test_metrics import samples, value
from test_openai import EXTRACT, KEY

#: 321 tokens in at 0.15 and 45 out at 0.60 USD a million, as the server counts and the price file says.
MOOD_USD = (321 * 0.15 + 45 * 0.60) / 1e6


@pytest.fixture
def vendor():
    with openai_server.Vendor() as server:
        yield server


def emotion(folder, vendor, **settings) -> Service:
    common = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{vendor.url}/v1", "DRAIN_DELAY_SECONDS": "0"}
    return Service("emotion-service", folder, common | {"EMOTION_PROVIDERS": "openai,local"} | settings)


def usage(service, mood):
    return call(service.port, EXTRACT, {"mood": mood}).json


def test_an_answer_of_the_gateway_says_what_it_cost(tmp_path, vendor, loaded):
    openai = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{vendor.url}/v1", "EMOTION_PROVIDERS": "openai"}
    system = System(tmp_path, openai)
    for file in loaded[0].folder.glob("catalog.sqlite*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    try:
        for service in system.services:
            service.start()
        first = system.recommend("proud and alone").json
        assert first["usd"] == pytest.approx(MOOD_USD)
        assert sum(part["usd"] for part in first["usage"]) == pytest.approx(MOOD_USD)
        again = system.recommend("proud and alone").json
        assert again["usd"] == 0 and all(part["usd"] == 0 and part["cached"] for part in again["usage"])
        found = samples(system.emotion.port)
        model = {"provider": "openai", "model": "gpt-4o-mini"}
        assert value(found, "provider_usd_total", **model) == pytest.approx(MOOD_USD)
        assert value(found, "provider_tokens_total", type="input", **model) == 321
        assert value(found, "provider_tokens_total", type="output", **model) == 45
    finally:
        system.stop()


def test_prices_come_from_a_file_of_yours(tmp_path, vendor):
    prices = {"asOf": "2026-01-01", "prices": {"openai/gpt-4o-mini": {"input": 1000, "output": 0}}}
    (tmp_path / "prices.json").write_text(json.dumps(prices))
    service = emotion(tmp_path, vendor, PRICES_FILE=str(tmp_path / "prices.json")).start()
    try:
        assert usage(service, "proud")["usage"]["usd"] == pytest.approx(0.321)
    finally:
        service.kill()
    (tmp_path / "prices.json").write_text("{}")
    result = service.run("check-config")
    assert result.returncode == 78 and "PRICES_FILE" in result.stderr


def test_a_budget_outlives_a_kill_and_then_the_next_provider_answers(tmp_path, vendor):
    settings = {"PROVIDER_BUDGETS": "openai=0.003", "BUDGET_FILE": str(tmp_path / "spent")}
    service = emotion(tmp_path, vendor, **settings).start()
    answered = 0
    try:
        for number in range(80):
            answer = usage(service, f"proud {number}")
            if answer["usage"]["provider"] == "local":
                break
            answered += 1
            if number % 10 == 5:
                service.kill()
                service.start()
        assert [(each["to"], each["reason"]) for each in answer["degraded"]] == [("local", "BUDGET_SPENT")]
        assert 5 < answered < 80
        assert len(vendor.requests) == answered
        assert answered * MOOD_USD <= 0.003
        remaining = value(samples(service.port), "provider_budget_remaining_usd", provider="openai")
        # Each call is rounded up to a billionth of a USD.
        assert remaining == pytest.approx(0.003 - answered * MOOD_USD, abs=1e-7)
        service.kill()
        service.start()
        assert usage(service, "still")["degraded"][0]["reason"] == "BUDGET_SPENT"
        assert len(vendor.requests) == answered
    finally:
        service.kill()


def test_without_another_provider_a_spent_budget_is_an_error_until_midnight(tmp_path, vendor):
    service = emotion(tmp_path, vendor, PROVIDER_BUDGETS="openai=0", EMOTION_PROVIDERS="openai").start()
    try:
        answer = call(service.port, EXTRACT, {"mood": "proud"})
        errors.check(answer, 429, "resource_exhausted")
        types = [detail["type"] for detail in answer.json["details"]]
        assert types == ["google.rpc.ErrorInfo", "google.rpc.QuotaFailure", "google.rpc.RetryInfo"]
        seconds = float(answer.json["details"][2]["debug"]["retryDelay"].removesuffix("s"))
        assert 0 < seconds <= 86_400
        assert vendor.requests == []
    finally:
        service.kill()


@pytest.mark.parametrize(
    "settings,problem",
    [
        ({"PROVIDER_BUDGETS": "openai=1", "OPENAI_CHAT_MODEL": "gpt-unheard-of"}, "openai/gpt-unheard-of"),
        ({"PROVIDER_BUDGETS": "openai"}, "PROVIDER_BUDGETS"),
        ({"PROVIDER_BUDGETS": "nobody=1"}, "PROVIDER_BUDGETS"),
        ({"PROVIDER_BUDGETS": "openai=1,openai=2"}, "PROVIDER_BUDGETS"),
        ({"PROVIDER_BUDGETS": "openai=-1"}, "PROVIDER_BUDGETS"),
        ({"PROVIDER_BUDGETS": "openai=1", "BUDGET_FILE": "/nonexistent/spent"}, "BUDGET_FILE"),
        ({"PRICES_FILE": "/nonexistent/prices"}, "PRICES_FILE"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_refused_at_the_start(tmp_path, vendor, settings, problem):
    result = emotion(tmp_path, vendor, **settings).run("check-config")
    assert result.returncode == 78
    assert problem in result.stderr

"""Services that die, hang and come back, and the gateway between them."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import subprocess
import threading
import time

import pytest

import errors
from running import send

#: Words that occur in no other text, so that a log which holds one holds a mood.
SECRET = "qzxvkjw grief"


def eventually(check, patience=20.0):
    deadline = time.monotonic() + patience
    while True:
        result = check()
        if result or time.monotonic() > deadline:
            return result
        time.sleep(0.1)


def check_fallback(answer):
    """An answer without the emotion service says so, and who answered instead."""
    assert answer.status == 200, answer.body[:500]
    [degraded] = answer.json["degraded"]
    assert degraded.pop("reason") in ("UNREACHABLE", "INTERRUPTED")
    assert degraded == {"stage": "extract", "from": "emotion-service", "to": "nearest-emotions"}
    assert answer.json["recommendations"]


def test_killing_the_emotion_service_in_flight_is_answered_by_a_named_fallback_until_it_returns(own_system):
    system = own_system
    gateway = system.gateway.process.pid
    known = "an old mood that was asked before"
    assert system.recommend(known).status == 200

    # Stopped, it accepts calls and answers none: they are in flight when it dies.
    system.emotion.signal(signal.SIGSTOP)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(system.recommend, f"{SECRET} number {index}") for index in range(8)]
        time.sleep(0.5)
        assert not any(call.done() for call in calls)
        system.emotion.kill()
        answers = [call.result(timeout=30) for call in calls]
    for answer in answers:
        check_fallback(answer)

    # While it is away: what is known is answered in full, the rest by the fallback and at once.
    answer = system.recommend(known)
    assert answer.status == 200 and answer.json.get("degraded", []) == []
    started = time.monotonic()
    check_fallback(system.recommend("a mood that nobody asked before"))
    assert time.monotonic() - started < 5

    system.emotion.start()
    returned = "a mood after its return"
    assert eventually(lambda: system.recommend(returned).json.get("degraded", []) == [])
    assert system.gateway.process.pid == gateway and system.gateway.process.poll() is None


def test_a_hanging_service_ends_at_the_callers_time_limit(own_system):
    own_system.emotion.signal(signal.SIGSTOP)
    started = time.monotonic()
    answer = own_system.recommend("patience", headers={"Connect-Timeout-Ms": "700"})
    errors.check(answer, 504, "deadline_exceeded")
    assert 0.6 < time.monotonic() - started < 3
    own_system.emotion.signal(signal.SIGCONT)
    assert eventually(lambda: own_system.recommend("patience").status == 200)


def test_killing_the_embedding_service_gives_typed_errors_and_recovery(own_system):
    own_system.embedding.kill()
    answer = own_system.recommend("a longing for the sea")
    if answer.status == 200:
        assert answer.json["degraded"]
    else:
        errors.check(answer, 503, "unavailable")
    own_system.embedding.start()
    answer = eventually(lambda: own_system.recommend("a longing for the sea").status == 200)
    assert answer


def test_sigterm_lets_calls_end_and_then_the_process(own_system):
    system = own_system
    system.emotion.signal(signal.SIGSTOP)
    answers = []
    caller = threading.Thread(target=lambda: answers.append(system.recommend("still waiting")))
    caller.start()
    time.sleep(0.5)
    system.gateway.signal(signal.SIGTERM)
    # Balancers must learn of it while it still answers.
    assert eventually(lambda: send(system.gateway.port, "GET", "/readyz").status == 503, 5)
    assert send(system.gateway.port, "GET", "/livez").status == 200
    system.emotion.signal(signal.SIGCONT)
    caller.join(30)
    assert [answer.status for answer in answers] == [200]
    assert system.gateway.process.wait(60) == 0
    assert system.emotion.terminate() == 0
    assert system.embedding.terminate() == 0


@pytest.mark.parametrize("own_system", [{"LOG_LEVEL": "trace"}], indirect=True)
def test_no_mood_reaches_a_log(own_system):
    system = own_system
    assert system.recommend(SECRET).status == 200
    assert system.recommend(SECRET + "\0").status == 400
    assert system.recommend(SECRET, limit=0).status == 400
    system.embedding.kill()
    system.recommend(SECRET + " again")
    system.emotion.kill()
    system.recommend(SECRET + " and again")
    system.gateway.terminate()
    logs = system.logs()
    assert SECRET.split()[0] not in logs
    # Calls are logged, or the above would prove nothing.
    assert "RecommendationService/Recommend" in logs


def test_a_watcher_is_told_of_the_end_and_does_not_hold_it_up(own_system):
    gateway = own_system.gateway
    command = ["curl", "-sSN", f"{gateway.url}/grpc.health.v1.Health/Watch", "-d", "{}"]
    command += ["-H", "Content-Type: application/json", "-H", "Accept: application/x-ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        assert json.loads(watching.stdout.readline()) == {"message": {"status": "SERVING"}}
        began = time.monotonic()
        assert gateway.terminate() == 0
        took = time.monotonic() - began
        last = [json.loads(line) for line in watching.stdout]
    assert last[0] == {"message": {"status": "NOT_SERVING"}}
    assert last[1]["error"]["code"] == "unavailable"
    # The requests in flight are waited for 25 seconds.
    assert took < 15

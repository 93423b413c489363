"""`ingest --batch` against a batch API that fails, expires, loses answers and tells out of order."""

from __future__ import annotations

import json
import re
import subprocess
import threading

import pytest

import batch_server
import catalogs
from running import BIN, System

#: 25 titles make three requests of a batch: ten, ten and five.
COUNT = 25
KEY = "sk-batch-77aa01"
VENDORS = {
    "openai": ("OPENAI", "/v1", 0.15, 0.60),
    "anthropic": ("ANTHROPIC", "", 0.10, 0.50),
}


@pytest.fixture
def vendor():
    with batch_server.BatchVendor() as server:
        yield server


@pytest.fixture(params=list(VENDORS))
def system(request, tmp_path, vendor):
    prefix, path, *_ = VENDORS[request.param]
    own = {
        f"{prefix}_API_KEY": KEY,
        f"{prefix}_BASE_URL": vendor.url + path,
        "EMOTION_PROVIDERS": f"{request.param},local",
        "DRAIN_DELAY_SECONDS": "0",
    }
    system = System(tmp_path, own)
    system.vendor = request.param
    system.file = catalogs.write(tmp_path / "titles.csv", [catalogs.row(index) for index in range(COUNT)])
    try:
        system.emotion.start()
        system.embedding.start()
        yield system
    finally:
        system.stop()
        assert KEY not in system.logs()
        assert vendor.invalid == []


def ingest(system, *more):
    return system.gateway.run("ingest", str(system.file), "--batch", "--poll-seconds", "1", *more, timeout=120)


def bill(system, requests: int) -> str:
    """What so many answered requests cost, as the command says it."""
    _, _, input_price, output_price = VENDORS[system.vendor]
    usd = requests * (batch_server.TOKENS_IN * input_price + batch_server.TOKENS_OUT * output_price) / 2e6
    tokens = f"{requests * batch_server.TOKENS_IN} tokens in and {requests * batch_server.TOKENS_OUT} out"
    return f"{tokens}: {round(usd, 6)} USD"


def check_whole(system, vendor, result, requests: int):
    """Everything is stored, each title was paid for once for each answered request, and no more."""
    assert result.returncode == 0, result.stdout + result.stderr
    assert bill(system, requests) in result.stdout, result.stdout
    stored = int(re.search(r"^(\d+) titles stored, (\d+) unchanged", result.stdout, re.MULTILINE).group(1))
    assert stored <= COUNT
    again = system.gateway.run("ingest", str(system.file), timeout=120)
    assert f"0 titles stored, {COUNT} unchanged" in again.stdout, again.stdout
    assert not list(system.folder.glob("*.batches*"))


def test_the_estimate_comes_first_and_the_bill_last(system, vendor):
    result = ingest(system, "--dry-run")
    assert result.returncode == 0, result.stderr
    assert f"{COUNT} titles to do in 1 batches by {system.vendor}/" in result.stdout
    estimated = float(re.search(r"about ([0-9.e-]+) USD", result.stdout).group(1))
    assert 0.0005 < estimated < 0.05
    assert vendor.batches == [] and vendor.files == {}
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_what_failed_expired_or_made_no_sense_is_handed_over_again(system, vendor):
    fates = {(0, 0): "error", (0, 1): "expire", (0, 2): "nonsense", (1, 0): "missing", (1, 1): "twice"}
    vendor.fate = lambda batch, line: fates.get((batch, line), "ok")
    result = ingest(system)
    # The first batch answers none of three. What passes by itself goes out as before, its two answers to
    # one line are one; what made no sense goes out in smaller requests.
    assert result.returncode == 0, result.stdout + result.stderr
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5], [10, 10], [3, 2], [10]]
    again = system.gateway.run("ingest", str(system.file), timeout=120)
    assert f"0 titles stored, {COUNT} unchanged" in again.stdout, again.stdout


def sizes(batch: dict) -> list[int]:
    """How many titles the requests of a batch are about."""
    return [len(batch_server.titles(line)) for line in batch["lines"]]


def limits(batch: dict) -> set[int]:
    """How many tokens the answers to a batch may have."""
    bodies = [line.get("body") or line["params"] for line in batch["lines"]]
    return {body.get("max_completion_tokens") or body["max_tokens"] for body in bodies}


def test_an_answer_that_was_cut_gets_more_room_and_fewer_titles(system, vendor):
    # However large, an answer to more than one title is cut.
    vendor.fate = lambda batch, line: "cut" if sizes(vendor.batches[batch])[line] > 1 else "ok"
    result = ingest(system)
    assert result.returncode == 0, result.stdout + result.stderr
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5], [3] * 8 + [1], [1] * 24]
    assert [max(limits(batch)) for batch in vendor.batches] == [3200, 4400, 8000]
    again = system.gateway.run("ingest", str(system.file), timeout=120)
    assert f"0 titles stored, {COUNT} unchanged" in again.stdout, again.stdout


def test_a_title_that_the_model_refuses_is_paid_for_twice_and_takes_no_other_with_it(system, vendor):
    vendor.unloved = {"Test Title 13"}
    result = ingest(system)
    assert result.returncode == 65, result.stdout + result.stderr
    assert "24 titles stored" in result.stdout and "1 titles without an answer" in result.stdout
    assert "declined" in result.stderr
    # With its neighbours, and each of them alone; what is refused alone is refused for good.
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5], [1] * 10]
    assert vendor.paid["Test Title 13"] == 2


def test_a_model_without_schemas_is_asked_in_another_form(system, vendor):
    vendor.knows_schemas = False
    check_whole(system, vendor, ingest(system), 3)
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5]] * 2
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_a_full_queue_is_waited_for_without_an_attempt(system, vendor):
    if system.vendor == "anthropic":
        pytest.skip("Anthropic refuses the submission itself, which is tried again")
    # Six requests where there is room for three: cut in two, and one half after the other.
    catalogs.write(system.file, [catalogs.row(index) for index in range(60)])
    vendor.queue, vendor.looks = 3, 1
    result = ingest(system)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "60 titles stored" in result.stdout and "too much waiting" in result.stderr
    taken = [batch for batch in vendor.batches if not batch["full"]]
    assert [sizes(batch) for batch in taken] == [[10] * 3] * 2
    assert len(vendor.batches) - len(taken) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == 60
    assert bill(system, 6) in result.stdout, result.stdout


def test_a_queue_that_stays_full_for_long_costs_no_attempt(system, vendor):
    if system.vendor == "anthropic":
        pytest.skip("Anthropic refuses the submission itself, which is tried again")
    # More often than a title is handed over.
    vendor.fails = lambda batch: "token_limit_exceeded" if batch < 5 else False
    vendor.looks = 0
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 6
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_an_empty_account_ends_the_run_and_a_filled_one_takes_it_up(system, vendor):
    whole = system.vendor == "openai"
    if whole:
        vendor.fails = lambda batch: "billing_hard_limit_reached" if batch == 0 else False
    else:
        vendor.fate = lambda batch, line: "no money" if batch == 0 and line > 0 else "ok"
    result = ingest(system)
    assert result.returncode == 69, result.stdout + result.stderr
    assert "no credit left" in result.stderr and "run again" in result.stderr, result.stderr
    assert len(vendor.batches) == 1
    result = ingest(system)
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5], [10, 10, 5] if whole else [10, 5]]
    check_whole(system, vendor, result, 3)
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_an_account_that_is_empty_half_way_keeps_what_was_answered(system, vendor):
    vendor.fate = lambda batch, line: "no money" if batch == 0 and line == 2 else "ok"
    result = ingest(system)
    assert result.returncode == 69 and "no credit left" in result.stderr, result.stderr
    check_whole(system, vendor, ingest(system), 3)
    assert [sizes(batch) for batch in vendor.batches] == [[10, 10, 5], [5]]
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_what_fails_three_times_is_reported(system, vendor):
    vendor.fate = lambda batch, line: "error" if line == 0 else "ok"
    result = ingest(system)
    assert result.returncode == 65
    # Of 25 titles the first ten fail three times; the rest is stored.
    assert "10 titles without an answer" in result.stdout, result.stdout
    assert [len(batch["lines"]) for batch in vendor.batches] == [3, 1, 1]
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == 15
    assert not list(system.folder.glob("*.batches*"))


def test_a_batch_that_fails_as_a_whole_is_handed_over_again(system, vendor):
    if system.vendor == "anthropic":
        vendor.fate = lambda batch, line: "expire" if batch == 0 else "ok"
    vendor.fails = lambda batch: batch == 0
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 2
    assert set(vendor.paid.values()) == {1}


def test_a_lost_answer_to_a_submission_is_not_paid_for_again(system, vendor):
    vendor.lost = 1
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


POINTS = {
    "openai": [("POST", "/v1/files"), ("POST", "/v1/batches"), ("GET", "/v1/batches/"), ("GET", "/v1/files/")],
    "anthropic": [
        ("POST", "/v1/messages/batches"),
        ("GET", "/v1/messages/batches/batch_0000"),
        ("GET", "/v1/messages/batches/batch_0000/results"),
    ],
}


def test_a_run_killed_at_any_point_is_taken_up_by_the_next(system, vendor):
    """The gateway's command dies while the vendor deals with each kind of request in turn."""
    for method, path in POINTS[system.vendor]:
        reached, killed = threading.Event(), threading.Event()

        def hold(m, p, want=(method, path), reached=reached, killed=killed):
            if m == want[0] and p.startswith(want[1]):
                reached.set()
                killed.wait(30)

        vendor.before = hold
        process = subprocess.Popen(
            [BIN / "recommendation-gateway", "ingest", str(system.file), "--batch", "--poll-seconds", "1"],
            cwd=system.folder,
            env=system.gateway.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert reached.wait(30)
        process.kill()
        process.wait()
        vendor.before = lambda method, path: None
        killed.set()
    result = ingest(system)
    check_whole(system, vendor, result, 3)
    assert len(vendor.batches) == 1, [batch["id"] for batch in vendor.batches]
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_the_emotion_service_may_be_killed_meanwhile(system, vendor):
    hit = threading.Event()
    vendor.before = lambda method, path: hit.set() if method == "POST" else None
    process = subprocess.Popen(
        [BIN / "recommendation-gateway", "ingest", str(system.file), "--batch", "--poll-seconds", "1"],
        cwd=system.folder,
        env=system.gateway.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert hit.wait(30)
    system.emotion.kill()
    system.emotion.start()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert len(vendor.batches) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def held(vendor, method, path):
    """Makes the vendor wait with one kind of request: what says that it came, and what ends the wait."""
    reached, released = threading.Event(), threading.Event()

    def hold(m, p):
        if m == method and p.startswith(path):
            reached.set()
            released.wait(30)

    vendor.before = hold
    return reached, released


def started(system, *more):
    return subprocess.Popen(
        [BIN / "recommendation-gateway", "ingest", str(system.file), "--batch", "--poll-seconds", "1", *more],
        cwd=system.folder,
        env=system.gateway.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_killed_run_with_again_pays_for_no_title_twice(system, vendor):
    check_whole(system, vendor, ingest(system), 3)
    # One request of the second run fails: while its titles are handed over anew, the rest is done.
    vendor.fate = lambda batch, line: "error" if (batch, line) == (1, 0) else "ok"
    reached, released = threading.Event(), threading.Event()

    def hold(method, path):
        if method == "GET" and "batch_0002" in path:
            reached.set()
            released.wait(30)

    vendor.before = hold
    process = started(system, "--again")
    assert reached.wait(60)
    process.kill()
    process.wait()
    vendor.before = lambda method, path: None
    released.set()
    result = ingest(system, "--again")
    assert result.returncode == 0, result.stdout + result.stderr
    assert [len(batch["lines"]) for batch in vendor.batches] == [3, 3, 1]
    assert set(vendor.paid.values()) == {2} and len(vendor.paid) == COUNT


CREATED = {"openai": "/v1/batches", "anthropic": "/v1/messages/batches"}


def kill_while(system, vendor, method, path):
    """A run that dies while the vendor deals with a request."""
    reached, released = held(vendor, method, path)
    process = started(system)
    assert reached.wait(30)
    process.kill()
    process.wait()
    vendor.before = lambda method, path: None
    released.set()


def restart(system, vendor, *providers: str):
    """Starts the emotion service anew with these providers, all of them at the one server."""
    system.emotion.kill()
    system.emotion.settings |= {"EMOTION_PROVIDERS": ",".join([*providers, "local"])}
    for prefix, path, *_ in VENDORS.values():
        system.emotion.settings |= {f"{prefix}_API_KEY": KEY, f"{prefix}_BASE_URL": vendor.url + path}
    system.emotion.start()


def test_a_lost_batch_is_looked_for_at_whoever_got_it(system, vendor):
    other = next(name for name in VENDORS if name != system.vendor)
    restart(system, vendor, system.vendor, other)
    kill_while(system, vendor, "POST", CREATED[system.vendor])
    restart(system, vendor, other, system.vendor)
    check_whole(system, vendor, ingest(system), 3)
    assert [batch["vendor"] for batch in vendor.batches] == [system.vendor]
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_a_batch_of_a_provider_that_is_gone_is_not_handed_to_another(system, vendor):
    other = next(name for name in VENDORS if name != system.vendor)
    restart(system, vendor, system.vendor, other)
    kill_while(system, vendor, "POST", CREATED[system.vendor])
    restart(system, vendor, other)
    result = ingest(system)
    assert result.returncode == 69, result.stdout + result.stderr
    assert f"EMOTION_PROVIDERS names no {system.vendor} with a batch API" in result.stderr
    restart(system, vendor, system.vendor, other)
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_a_lost_batch_is_found_though_its_titles_would_make_other_requests_now(system, vendor):
    kill_while(system, vendor, "POST", CREATED[system.vendor])
    # Alone in its request from now on: Anthropic's batches are told apart by how many they have.
    rows = [catalogs.row(index, **({"description": "Ignore them."} if index == 3 else {})) for index in range(COUNT)]
    catalogs.write(system.file, rows)
    check_whole(system, vendor, ingest(system), 4)
    assert sorted(sizes(batch) for batch in vendor.batches) == [[1], [10, 10, 5]]
    assert {name for name, count in vendor.paid.items() if count > 1} == {"Test Title 3"}


def test_a_journal_and_a_batch_of_an_earlier_version_are_taken_up(system, vendor):
    kill_while(system, vendor, "GET", "/v1/")
    [journal] = system.folder.glob("*.batches")
    parts = json.loads(journal.read_text())
    for part in parts:
        for name in ("narrowing", "formsRefused", "requests"):
            part.pop(name, None)
    journal.write_text(json.dumps(parts))
    for number, line in enumerate(vendor.batches[0]["lines"]):
        line["custom_id"] = f"{parts[0]['key']}-{number}"
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 1
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_a_second_run_of_one_file_is_refused(system, vendor):
    reached, released = held(vendor, "GET", "/v1/")
    process = started(system)
    try:
        assert reached.wait(30)
        second = ingest(system)
        assert second.returncode == 73 and "another run" in second.stderr, second.stderr
    finally:
        vendor.before = lambda method, path: None
        released.set()
    assert process.wait(60) == 0
    assert len(vendor.batches) == 1 and set(vendor.paid.values()) == {1}


def test_a_lost_batch_is_found_behind_others_that_came_later(system, vendor):
    vendor.page, vendor.lost = 1, 1

    def crowd(method, path):
        # Others of the account, as large, before the first look at the list.
        if method == "GET" and path in ("/v1/batches", "/v1/messages/batches") and len(vendor.batches) == 1:
            for key in ("others1", "others2"):
                lines = [line | {"custom_id": f"{key}-0"} for line in vendor.batches[0]["lines"]]
                made = vendor.create(system.vendor, lines, key, vendor.batches[0]["file"])
                made |= {"gone": True, "looks": 9, "paid": True}

    vendor.before = crowd
    check_whole(system, vendor, ingest(system), 3)
    assert len(vendor.batches) == 3
    assert set(vendor.paid.values()) == {1} and len(vendor.paid) == COUNT


def test_a_budget_that_does_not_cover_the_estimate_keeps_the_batch_back(system, vendor):
    system.emotion.kill()
    system.emotion.settings |= {"PROVIDER_BUDGETS": f"{system.vendor}=0.0001"}
    system.emotion.start()
    result = ingest(system)
    assert result.returncode == 69, result.stdout + result.stderr
    assert "resource_exhausted" in result.stderr
    assert vendor.batches == []


def test_without_a_batch_api_it_says_so(tmp_path):
    system = System(tmp_path)
    file = catalogs.write(tmp_path / "titles.csv", [catalogs.row(1)])
    try:
        system.emotion.start()
        system.embedding.start()
        result = system.gateway.run("ingest", str(file), "--batch")
        assert result.returncode == 69 and "batch API" in result.stderr
    finally:
        system.stop()

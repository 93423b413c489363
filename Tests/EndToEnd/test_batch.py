"""`ingest --batch` against a batch API that fails, expires, loses answers and tells out of order."""

from __future__ import annotations

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
    # The first batch answers none of three, the second two, one of them in two lines.
    assert result.returncode == 0, result.stdout + result.stderr
    assert [len(batch["lines"]) for batch in vendor.batches] == [3, 3, 1]
    again = system.gateway.run("ingest", str(system.file), timeout=120)
    assert f"0 titles stored, {COUNT} unchanged" in again.stdout, again.stdout


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

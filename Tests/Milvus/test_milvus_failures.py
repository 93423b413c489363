"""Milvus dies under load and while a catalog is loaded; all heals without a restart of ours."""

from __future__ import annotations

import subprocess
import threading
import time

from watching import digest, eventually, ready

import catalogs
import errors
from running import BIN, call, send


def test_killed_under_load_callers_hear_unavailable_and_everything_heals(milvus, gateways, rows, tmp_path):
    system = gateways("load", f"{milvus.url}?prefix=load", CACHE_ENTRIES="1", ANSWER_CACHE_ENTRIES="1")
    file = catalogs.write(tmp_path / "titles.csv", rows)
    result = system.gateway.run("ingest", str(file))
    assert result.returncode == 0, result.stderr
    system.gateway.start()

    answers: list[tuple[float, int, float]] = []
    problems: list[str] = []
    ended = threading.Event()

    def ask(worker: int):
        number = 0
        while not ended.is_set():
            number += 1
            started = time.monotonic()
            answer = system.recommend(f"mood {worker} {number} of a rainy evening", timeout=60)
            took = time.monotonic() - started
            answers.append((started, answer.status, took))
            if answer.status != 200:
                errors.check(answer, 503, "unavailable")
                if b"google.rpc.RetryInfo" not in answer.body:
                    problems.append(answer.body.decode())

    workers = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    try:
        time.sleep(2)
        before = len(answers)
        milvus.kill()
        killed = time.monotonic()
        assert eventually(lambda: ready(system) == 503, 20)
        assert "catalog" in send(system.gateway.port, "GET", "/readyz").body.decode()
        unready = time.monotonic() - killed
        time.sleep(3)
        milvus.start()
        told: list[str] = []

        def is_ready() -> bool:
            answer = send(system.gateway.port, "GET", "/readyz", timeout=10)
            told.extend(line for line in answer.body.decode().splitlines() if line.startswith("[-]catalog"))
            return answer.status == 200

        assert eventually(is_ready)
        healed = time.monotonic() - killed
        time.sleep(2)
    finally:
        ended.set()
        for worker in workers:
            worker.join()
    after = [status for started, status, _ in answers if started > killed + healed + 1]
    unavailable = sum(1 for _, status, _ in answers if status == 503)
    print(
        f"\n{len(answers)} calls, {before} before the kill, {unavailable} unavailable, slowest "
        f"{max(took for _, _, took in answers):.2f} s; not ready after {unready:.1f} s, ready after {healed:.1f} s"
    )
    print("readiness meanwhile:", *sorted(set(told)), sep="\n  ")
    # Never just that there was no answer: Milvus starts, then loads for some seconds.
    assert told and all("Milvus" in line for line in told), set(told)
    assert any("has not loaded" in line for line in told), set(told)
    assert not problems, problems[0]
    assert before and unavailable and after and set(after) == {200}
    assert {status for _, status, _ in answers} == {200, 503}
    assert max(took for _, _, took in answers) < 30


def test_killed_while_a_catalog_is_loaded_nothing_is_lost_or_there_twice(milvus, gateways, rows, tmp_path):
    rows = rows + [catalogs.row(index) for index in range(200, 1500)]
    file = catalogs.write(tmp_path / "titles.csv", rows)
    whole = gateways("whole", f"sqlite:{tmp_path / 'whole.sqlite'}").gateway.run("ingest", str(file))
    assert whole.returncode == 0, whole.stderr

    system = gateways("broken", f"{milvus.url}?prefix=broken")
    process = subprocess.Popen(
        [BIN / "recommendation-gateway", "ingest", str(file)],
        cwd=system.folder,
        env=system.gateway.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    # It tells every tenth.
    while not (line := process.stderr.readline()).startswith(("192/", "224/", "256/", "160/")):
        assert line, "the run ended before it told anything"
    milvus.kill()
    assert process.poll() is None
    time.sleep(2)
    milvus.start()
    output, complaints = process.communicate(timeout=300)
    print(f"\nthe run that met the kill ended with {process.returncode}: {output.strip().splitlines()[:1]}")
    assert process.returncode in (0, 69), complaints
    again = system.gateway.run("ingest", str(file))
    assert again.returncode == 0, again.stderr
    assert digest(again.stdout) == digest(whole.stdout)

    system.gateway.start(patience=120)
    status = call(system.gateway.port, "/netflixgpt.catalog.v1.CatalogService/GetCatalogStatus", {}).json
    assert status["titles"] == 1500 and status["store"] == "milvus"

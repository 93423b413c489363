"""Several processes create, load and reindex one catalog at the same time."""

from __future__ import annotations

import subprocess
import time

from watching import digest, eventually

import catalogs
from running import BIN, call

STATUS = "/netflixgpt.catalog.v1.CatalogService/GetCatalogStatus"


def start(system, *arguments):
    return subprocess.Popen(
        [BIN / "recommendation-gateway", *arguments],
        cwd=system.folder,
        env=system.gateway.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_create_load_and_reindex_at_once_and_a_third_notices_within_seconds(
    milvus, gateways, rows, tmp_path, elsewhere
):
    store = f"{milvus.url}?prefix=shared"
    file = catalogs.write(tmp_path / "all.csv", rows)
    halves = [rows[:120], rows[80:]]
    files = [catalogs.write(tmp_path / f"{number}.csv", half) for number, half in enumerate(halves)]
    whole = gateways("whole", f"sqlite:{tmp_path / 'whole.sqlite'}").gateway
    expected = digest(whole.run("ingest", str(file)).stdout)

    watcher = gateways("watcher", store)
    systems = [gateways(f"writer{number}", store) for number in range(2)]
    runs = [start(system, "ingest", str(part)) for system, part in zip(systems, files, strict=True)]
    for run in runs:
        output, complaints = run.communicate(timeout=300)
        assert run.returncode == 0, output + complaints
    again = systems[0].gateway.run("ingest", str(file))
    assert "0 titles stored, 200 unchanged" in again.stdout, again.stdout + again.stderr
    assert digest(again.stdout) == expected

    watcher.gateway.start(patience=120)
    before = call(watcher.gateway.port, STATUS, {}).json
    assert before["titles"] == 200
    movers = [gateways(f"mover{number}", store, EMBEDDING_SERVICE_URL=elsewhere.url) for number in range(2)]
    runs = [start(system, "reindex") for system in movers]
    served = 0
    while any(run.poll() is None for run in runs):
        assert call(watcher.gateway.port, STATUS, {}).json["titles"] == 200
        served += 1
        time.sleep(0.1)
    outcomes = [(run.returncode, run.communicate()) for run in runs]
    moved = time.monotonic()
    # One moved it. The other found that done, or was told that the catalog had changed.
    assert sorted(code for code, _ in outcomes) in ([0, 0], [0, 69]), outcomes
    assert sum("titles moved" in output for _, (output, _) in outcomes) == 1, outcomes
    assert eventually(
        lambda: call(watcher.gateway.port, STATUS, {}).json["embeddingFingerprint"] != before["embeddingFingerprint"]
    )
    print(f"\nserved {served} times while it moved, noticed after {time.monotonic() - moved:.1f} s")
    rerun = movers[0].gateway.run("reindex")
    assert "nothing to do" in rerun.stdout, rerun.stdout + rerun.stderr
    # A mood's vector is of the old space, and says so.
    answer = watcher.recommend("a rainy evening")
    assert answer.status == 400 and "reindex" in answer.json["message"], answer.body


def test_an_ingest_beside_a_reindex_ends_well_or_says_who_was_first(milvus, gateways, rows, tmp_path, elsewhere):
    store = f"{milvus.url}?prefix=beside"
    first = gateways("first", store).gateway.run("ingest", str(catalogs.write(tmp_path / "first.csv", rows[:40])))
    assert first.returncode == 0, first.stderr
    file = catalogs.write(tmp_path / "all.csv", rows)
    mover = gateways("mover", store, EMBEDDING_SERVICE_URL=elsewhere.url)
    runs = [start(mover, "reindex"), start(mover, "ingest", str(file), "--reindex")]
    for run in runs:
        output, complaints = run.communicate(timeout=300)
        print(f"\n{run.returncode}: {output.strip()} {complaints.strip().splitlines()[-1:]}")
        assert run.returncode == 0 or "the catalog has changed since it was read" in complaints, output + complaints
    last = mover.gateway.run("ingest", str(file), "--reindex")
    assert last.returncode == 0, last.stderr
    whole = gateways("whole", f"sqlite:{tmp_path / 'whole.sqlite'}", EMBEDDING_SERVICE_URL=elsewhere.url).gateway
    assert digest(last.stdout) == digest(whole.run("ingest", str(file)).stdout)


def test_a_reindex_killed_at_any_point_leaves_the_old_catalog_in_service(milvus, gateways, rows, tmp_path, elsewhere):
    store = f"{milvus.url}?prefix=killed"
    system = gateways("killed", store)
    assert system.gateway.run("ingest", str(catalogs.write(tmp_path / "all.csv", rows))).returncode == 0
    system.gateway.start()
    before = call(system.gateway.port, STATUS, {}).json
    mover = gateways("mover", store, EMBEDDING_SERVICE_URL=elsewhere.url)
    killed = 0
    for seconds in (0.3, 0.8, 1.5, 2.5):
        run = start(mover, "reindex")
        try:
            run.wait(seconds)
        except subprocess.TimeoutExpired:
            run.kill()
            killed += 1
        run.communicate()
        status = call(system.gateway.port, STATUS, {}).json
        if run.returncode == 0:
            break
        assert status == before
        assert system.recommend(f"a rainy evening, {seconds}").status == 200
    assert killed >= 1
    last = mover.gateway.run("reindex")
    assert last.returncode == 0, last.stderr
    assert eventually(lambda: call(system.gateway.port, STATUS, {}).json["version"] != before["version"])
    after = call(system.gateway.port, STATUS, {}).json
    assert after["titles"] == 200 and after["embeddingFingerprint"] != before["embeddingFingerprint"]

    def generations():
        call(system.gateway.port, STATUS, {})
        names = milvus.python('print(*[n for n in client.list_collections() if n.startswith("killed_titles_")])')
        return names.split()

    # What was replaced, and what the killed ones left, goes by itself after a minute.
    assert eventually(lambda: len(generations()) == 1, 120), generations()
    rows_found = milvus.python('print(len(client.query("killed_titles", filter="gone == false", limit=1000)))')
    assert rows_found.strip() == "200"

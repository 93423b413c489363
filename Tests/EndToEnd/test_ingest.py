"""Loading a catalog: what is loaded, what is reported, and what a kill leaves behind."""

from __future__ import annotations

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

import catalogs
from running import BIN, System


def digest(output: str) -> str:
    found = re.findall(r"^digest ([0-9a-f]{16,})$", output, re.MULTILINE)
    assert found, output[-2000:]
    return found[-1]


def test_bad_rows_are_reported_with_line_and_column_and_the_rest_is_loaded(loaded):
    _, ingest = loaded
    output = ingest.stdout + ingest.stderr
    assert ingest.returncode == 65, output
    # The header is line 1, and the second row's description has four lines.
    for position, column, _ in catalogs.BAD_ROWS:
        line = position + 2 + 3
        assert re.search(rf"line {line}, column \d+.*\b{column}\b", output), (line, column, output)
    assert str(catalogs.TITLES) in output
    assert digest(output)


def test_the_same_file_again_changes_nothing(loaded, own_system):
    _, first = loaded
    file = catalogs.write(own_system.folder / "again.csv", catalogs.sixty())
    second = own_system.gateway.run("ingest", str(file))
    assert digest(second.stdout + second.stderr) == digest(first.stdout + first.stderr)


def test_a_dry_run_tells_the_work_and_does_none_of_it(loading, tmp_path):
    file = catalogs.write(tmp_path / "titles.csv", catalogs.sixty())
    for _ in range(2):
        result = loading("dry").gateway.run("ingest", str(file), "--dry-run")
        assert f"0 stored already, {catalogs.TITLES} to do, {len(catalogs.BAD_ROWS)} bad" in result.stdout
        assert "USD" in result.stdout


def test_a_sample_is_the_same_for_the_same_seed(loading, tmp_path):
    file = catalogs.write(tmp_path / "titles.csv", catalogs.sixty())

    def sample(name, seed):
        result = loading(name).gateway.run("ingest", str(file), "--sample", "20", "--seed", seed)
        assert "20 titles stored" in result.stdout, result.stdout + result.stderr
        return digest(result.stdout)

    assert sample("a", "7") == sample("b", "7") != sample("c", "8")


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    system = System(tmp_path)
    for name, text in [("missing.csv", None), ("empty.csv", ""), ("other.csv", "a,b\n1,2\n")]:
        if text is not None:
            (tmp_path / name).write_text(text)
        result = system.gateway.run("ingest", name)
        assert result.returncode == 66, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_without_the_services_it_says_which_is_missing(tmp_path):
    system = System(tmp_path)
    file = catalogs.write(tmp_path / "titles.csv", catalogs.sixty())
    result = system.gateway.run("ingest", str(file))
    assert result.returncode == 69, result.stderr
    assert "unavailable" in result.stderr


@pytest.fixture
def loading(tmp_path, loaded):
    """A system whose gateway is not started, beside running emotion and embedding services."""
    running = loaded[0]

    def make(name: str) -> System:
        system = System(tmp_path / name)
        system.gateway.settings |= {
            "EMOTION_SERVICE_URL": running.emotion.url,
            "EMBEDDING_SERVICE_URL": running.embedding.url,
        }
        return system

    return make


def kill_thrice_and_compare(loading, file: Path, arguments=(), ok=(0,)):
    whole = loading("whole")
    started = time.monotonic()
    result = whole.gateway.run("ingest", str(file), *arguments, timeout=1800)
    duration = time.monotonic() - started
    assert result.returncode in ok, result.stderr[-2000:]
    expected = digest(result.stdout + result.stderr)

    broken = loading("broken")
    kills = 0
    for share in (0.25, 0.45, 0.6):
        process = subprocess.Popen(
            [BIN / "recommendation-gateway", "ingest", str(file), *arguments],
            cwd=broken.folder,
            env=broken.gateway.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(duration * share)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    assert kills >= 1
    result = broken.gateway.run("ingest", str(file), *arguments, timeout=1800)
    assert digest(result.stdout + result.stderr) == expected


def test_killed_three_times_and_run_again_it_is_the_same_catalog(loading, tmp_path):
    rows = [catalogs.row(index) for index in range(600)]
    kill_thrice_and_compare(loading, catalogs.write(tmp_path / "many.csv", rows))


@pytest.mark.skipif(os.environ.get("FULL") != "1", reason="FULL=1 loads all of titles.csv four times")
def test_the_whole_data_set_killed_three_times_is_the_same_catalog(loading):
    file = Path(os.environ["SHARED_DATA"]) / "titles.csv"
    kill_thrice_and_compare(loading, file, ok=range(256))

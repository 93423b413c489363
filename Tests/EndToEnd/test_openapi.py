"""/openapi.json: valid, as it is kept in `openapi/`, true of the running services, and its examples work.

    OPENAPI_EXAMPLES=200 pytest Tests/EndToEnd/test_openapi.py    # looks longer; 12 requests an operation otherwise
    UPDATE_OPENAPI=1 pytest Tests/EndToEnd/test_openapi.py        # writes the documents in `openapi/`
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import openapi_spec_validator
import pytest

from running import call, send, tool

KEPT = Path(__file__).parent / "openapi"
SERVICES = ["emotion", "embedding", "gateway"]
EXAMPLES = int(os.environ.get("OPENAPI_EXAMPLES", "12"))

# A time limit that a case picks may pass before its answer; no other 5xx is in order. What is refused
# though its schema allows it are ids and genres that the catalog lacks, and unknown fields of a strict call.
CONFIGURATION = """
continue-on-failure = true
[generation]
deterministic = true
no-shrink = true
[phases.stateful]
enabled = false
[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 504]
[checks.negative_data_rejection]
expected-statuses = ["4xx", 504]
[checks.positive_data_acceptance]
enabled = false
"""

# Other tests count on the catalog.
CHANGING = "UpsertTitles|DeleteTitles"
# Goes on until its time limit.
ENDLESS = "Health/Watch"


def document(system, name) -> dict:
    return send(getattr(system, name).port, "GET", "/openapi.json").json


@pytest.mark.parametrize("name", SERVICES)
def test_a_document_is_valid(system, name):
    openapi_spec_validator.validate(document(system, name))


@pytest.mark.parametrize("name", SERVICES)
def test_a_document_is_the_one_that_is_kept(system, name):
    made = json.dumps(document(system, name), indent=1, ensure_ascii=False) + "\n"
    file = KEPT / f"{getattr(system, name).name}.json"
    if os.environ.get("UPDATE_OPENAPI") == "1":
        file.parent.mkdir(exist_ok=True)
        file.write_text(made)
    assert file.exists() and file.read_text() == made, "run this test with UPDATE_OPENAPI=1 and read the difference"


@pytest.mark.parametrize("name", ["emotion", "embedding"])
def test_the_index_names_every_method(system, name):
    index = send(getattr(system, name).port, "GET", "/").body.decode().splitlines()
    methods = [path for path, item in document(system, name)["paths"].items() if "post" in item]
    assert "/grpc.health.v1.Health/Watch" in methods
    assert {f"POST {path}" for path in methods} <= set(index)


@pytest.mark.parametrize("name", SERVICES)
def test_every_example_is_answered(system, name):
    port = getattr(system, name).port
    count = 0
    for path, item in document(system, name)["paths"].items():
        if "post" not in item:
            assert send(port, "GET", path).status == 200, path
            continue
        operation = item["post"]
        assert operation["summary"] and operation["description"], path
        example = operation["requestBody"]["content"]["application/json"]["example"]
        text = re.sub(r'"id": ?"st\d+"', '"id": "tm2"', json.dumps(example))
        fields = {}
        if "text/event-stream" in operation["responses"]["200"]["content"]:
            fields = {"Accept": "text/event-stream", "Connect-Timeout-Ms": "300"}
        answer = call(port, path, json.loads(text), fields)
        if path.endswith("AnnotationBatch"):
            # Answered by providers that have batches; these services ask none.
            assert b"NO_BATCHES" in answer.body, (path, answer.body)
        else:
            assert answer.status == 200, (path, answer.body)
        count += 1
    assert count >= 3
    if name == "gateway":
        call(port, "/netflixgpt.catalog.v1.CatalogService/DeleteTitles", {"ids": ["own-1"]})


@pytest.mark.parametrize("name", SERVICES)
def test_schemathesis_finds_no_answer_that_is_not_documented(system, name, tmp_path):
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    command = [tool("schemathesis"), "--config-file", tmp_path / "schemathesis.toml", "run"]
    url = f"http://127.0.0.1:{getattr(system, name).port}/openapi.json"
    result = subprocess.run(
        [*command, url, "--max-examples", str(EXAMPLES), "--exclude-path-regex", f"{CHANGING}|{ENDLESS}"],
        cwd=tmp_path, capture_output=True, text=True, timeout=3000
    )
    print(result.stdout)
    assert result.returncode == 0, result.stdout[-8000:] + result.stderr[-2000:]

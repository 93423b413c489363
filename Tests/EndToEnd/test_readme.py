"""What the README and the guides say: their curl lines run, their tables are those of the executables."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest

from running import ROOT

GUIDES = ROOT / "Shared/Guides"
TEXTS = [ROOT / "README.md", *sorted(GUIDES.glob("*.md"))]
SERVICES = {8080: "gateway", 8081: "emotion", 8082: "embedding"}


def curl_blocks() -> list[str]:
    texts = "\n".join(text.read_text() for text in TEXTS)
    blocks = re.findall(r"^```sh\n(.*?)^```$", texts, re.MULTILINE | re.DOTALL)
    return [block for block in blocks if block.startswith("curl ")]


def with_titles_of_the_test(system, command: str) -> str:
    """The command with the ports of the test, and with titles that its catalog has."""
    for port, name in SERVICES.items():
        command = command.replace(f"127.0.0.1:{port}/", f"127.0.0.1:{getattr(system, name).port}/")
    return re.sub(r'"id": ?"(st|tm|ts)\d+"', '"id":"tm2"', command)


def test_there_is_a_curl_for_every_method():
    methods = set()
    for proto in (ROOT / "Shared/Contracts/proto/netflixgpt").rglob("*.proto"):
        text = proto.read_text()
        package = re.search(r"^package (.*);", text, re.MULTILINE).group(1)
        for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
            methods |= {f"/{package}.{service}/{name}" for name in re.findall(r"rpc (\w+)\(", body)}
    lines = "\n".join(text.read_text() for text in TEXTS).splitlines()
    commands = "\n".join(line for line in lines if line.startswith("curl "))
    assert [method for method in sorted(methods) if method not in commands] == []


@pytest.mark.parametrize("command", curl_blocks(), ids=range(len(curl_blocks())))
def test_a_curl_of_the_guides_works(system, command):
    result = subprocess.run(
        ["bash", "-euc", with_titles_of_the_test(system, command)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    if "schema.binpb" not in command:
        body = json.loads(result.stdout) if result.stdout.startswith("{") else {}
        assert "code" not in body, result.stdout[:1000]
        assert result.stdout.strip()


@pytest.mark.parametrize("name", ["emotion-service", "embedding-service", "recommendation-gateway"])
def test_a_table_of_settings_is_that_of_the_executable(system, name):
    """With UPDATE_GUIDES=1 it writes the table instead."""
    service = next(service for service in system.services if service.name == name)
    made = service.run("check-config", "--markdown").stdout.strip()
    file = GUIDES / "configuration.md"
    table = re.compile(rf"(?<=<!-- settings:{name} -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
    if os.environ.get("UPDATE_GUIDES") == "1":
        file.write_text(table.sub(lambda _: made, file.read_text()))
    shown = table.search(file.read_text())
    assert shown and shown.group() == made, "run this test with UPDATE_GUIDES=1"


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_link_leads_somewhere(text):
    for target in re.findall(r"\]\(([^)\s]+)\)", text.read_text()):
        path, _, heading = target.partition("#")
        if path.startswith(("http:", "https:")):
            continue
        file = (text.parent / path).resolve() if path else text
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target

"""The servers are left out only where the registry they come from can't be reached."""

from __future__ import annotations

import functools
import http.server
import sys
import threading

import pytest
import servers

from running import free_port


def pip(url: str) -> list[str]:
    options = ["--isolated", "--retries", "1", "--timeout", "2", "--no-deps", "--index-url", url, "--no-cache-dir"]
    return [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", *options, "milvus==2.3.5"]


def test_a_registry_that_cannot_be_reached_is_told_as_absent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    problem = servers.fetch(pip(f"http://127.0.0.1:{free_port()}/simple"))
    assert problem and "milvus" in problem


def test_a_registry_without_the_package_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as registry:
        threading.Thread(target=registry.serve_forever, daemon=True).start()
        try:
            with pytest.raises(RuntimeError, match="milvus"):
                servers.fetch(pip(f"http://127.0.0.1:{registry.server_port}/simple"))
        finally:
            registry.shutdown()

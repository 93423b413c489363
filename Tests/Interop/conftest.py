from __future__ import annotations

import os
import subprocess
import sys

import pytest

from running import ROOT, tool


@pytest.fixture(scope="session")
def client(tmp_path_factory):
    """The package of the Python client, generated from our .proto files as any caller would."""
    folder = tmp_path_factory.mktemp("client")
    package = folder / "netflixgpt_client"
    package.mkdir()
    plugins = ",".join(
        f'{{"local":"{tool(name)}","out":"{package}"}}' for name in ("protoc-gen-py", "protoc-gen-connectrpc")
    )
    subprocess.run(
        [os.environ.get("BUF") or tool("buf"), "generate", ROOT / "Shared/Contracts/proto"]
        + ["--template", f'{{"version":"v2","plugins":[{plugins}]}}'],
        check=True,
    )
    sys.path.insert(0, str(folder))
    import netflixgpt_client

    return netflixgpt_client

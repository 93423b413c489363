"""What the way to a provider costs: our emotion service, the openai client and LiteLLM's proxy, each
asking one server that answers at once.

    Tests/Benchmarks/run providers

`provider-cost` tells what the layer adds to libcurl within one process.
One call after the other tells the latency added over a bare curl handle; 64 at once tell calls a second.
LITELLM names LiteLLM's executable, without which its row is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

import httpx  # noqa: E402
import openai  # noqa: E402

from running import free_port, send  # noqa: E402

FLIGHT = 64
HEADERS = {"content-type": "application/json", "authorization": "Bearer sk-benchmark-5d1e"}
MOOD = {"emotions": [{"name": "joy", "intensity": 0.8}], "language": "en", "sureness": 0.9}
REPLY = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {"role": "assistant", "content": json.dumps(MOOD), "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 321, "completion_tokens": 45, "total_tokens": 366},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(REPLY), REPLY)


class Vendor(asyncio.Protocol):
    """Answers each request at once with the same bytes."""

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n")[0]) if start >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.transport.write(ANSWER)


async def serve(port: int):
    server = await asyncio.get_running_loop().create_server(Vendor, "127.0.0.1", port, backlog=256)
    await server.serve_forever()


def one_by_one(ask, count: int) -> float:
    """Median microseconds of a call."""
    for number in range(count // 10):
        ask(number)
    taken = []
    for number in range(count):
        start = time.perf_counter()
        ask(count + number)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


async def python_client(url: str, seconds: int) -> float:
    client = openai.AsyncOpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
    done = 0
    end = time.monotonic() + seconds

    async def work():
        nonlocal done
        while time.monotonic() < end:
            await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
            done += 1

    await asyncio.gather(*(work() for _ in range(FLIGHT)))
    await client.close()
    return done / seconds


@contextlib.contextmanager
def litellm(vendor: str, folder: Path):
    model = {"model": "openai/m", "api_base": f"{vendor}/v1", "api_key": "k"}
    (folder / "config.yaml").write_text(json.dumps({"model_list": [{"model_name": "m", "litellm_params": model}]}))
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    environment["LITELLM_MASTER_KEY"] = HEADERS["authorization"].split()[1]
    with (folder / "log").open("wb") as log:
        command = [os.environ["LITELLM"], "--config", folder / "config.yaml", "--host", "127.0.0.1"]
        process = subprocess.Popen([*command, "--port", str(port)], env=environment, stdout=log, stderr=log)
    try:
        # Minutes on a busy machine: it imports half of PyPI.
        for _ in range(3000):
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                if send(port, "GET", "/health/liveliness", timeout=5).status == 200:
                    break
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


async def proxy_rate(url: str, body: bytes, seconds: int) -> float:
    """Calls a second through a proxy, asked by a client that costs less than the proxy."""
    done = 0
    end = time.monotonic() + seconds
    limits = httpx.Limits(max_connections=FLIGHT)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def work():
            nonlocal done
            while time.monotonic() < end:
                answer = await client.post(url, content=body, headers=HEADERS)
                assert answer.status_code == 200, answer.text
                done += 1

        await asyncio.gather(*(work() for _ in range(FLIGHT)))
    return done / seconds


def show(title: str, latency: float, base: float, rate: float):
    print(f"| {title} | {latency:,.0f} | {latency - base:,.0f} | {rate:,.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    messages = [{"role": "user", "content": "a quiet, happy evening"}]
    body = json.dumps({"model": "m", "messages": messages}).encode()
    port = free_port()
    vendor = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([sys.executable, __file__, "serve", str(port)])
    try:
        time.sleep(1)
        command = [Path(os.environ["BIN"]) / "provider-cost", f"{vendor}/v1", str(options.calls)]
        ours = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print("| | median µs of a call | added µs | calls/s, 64 at once |\n|---|---|---|---|")
        show("libcurl alone (ours)", ours["raw_us"], ours["raw_us"], ours["raw_rate"])
        show("through the provider layer", ours["chain_us"], ours["raw_us"], ours["chain_rate"])
        plain = httpx.Client()
        url = f"{vendor}/v1/chat/completions"
        bare = one_by_one(lambda _: plain.post(url, content=body), options.calls)
        client = openai.OpenAI(api_key="k", base_url=f"{vendor}/v1", max_retries=0)
        theirs = one_by_one(lambda _: client.chat.completions.create(model="m", messages=messages), options.calls)
        rate = asyncio.run(python_client(vendor, options.seconds))
        show("openai's Python client, over httpx", theirs, bare, rate)
        if os.environ.get("LITELLM"):
            with tempfile.TemporaryDirectory() as name, litellm(vendor, Path(name)) as proxy:
                url = f"{proxy}/v1/chat/completions"
                latency = one_by_one(
                    lambda _: plain.post(url, content=body, headers=HEADERS).raise_for_status(), options.calls // 10
                )
                rate = asyncio.run(proxy_rate(url, body, options.seconds))
                show("LiteLLM's proxy, over httpx", latency, bare, rate)
    finally:
        server.terminate()
        server.wait(30)


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        main()

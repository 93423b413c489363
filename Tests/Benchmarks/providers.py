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

from running import Service, free_port, send  # noqa: E402

EXTRACT = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
FLIGHT = 64
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


def load(url: str, headers: list[str], body: str, seconds: int) -> float:
    """Calls a second with 64 at once, as `wrk` counts them; each with a mood of its own."""
    script = f"""
local number = 0
local thread_number = 0
function setup(thread) thread_number = thread_number + 1; thread:set("id", thread_number) end
request = function()
  number = number + 1
  local body = [[{body}]]
  return wrk.format("POST", nil, nil, (body:gsub("NUMBER", id .. "." .. number .. "." .. {time.time_ns()})))
end
"""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        command = ["wrk", "-t1", f"-c{FLIGHT}", f"-d{seconds}s", "-s", file.name]
        for header in ["Content-Type: application/json", *headers]:
            command += ["-H", header]
        output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in output, output
    return float(output.split("Requests/sec:")[1].split()[0])


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
    with (folder / "log").open("wb") as log:
        command = [os.environ["LITELLM"], "--config", folder / "config.yaml", "--host", "127.0.0.1"]
        process = subprocess.Popen([*command, "--port", str(port)], env=environment, stdout=log, stderr=log)
    try:
        for _ in range(900):
            time.sleep(0.1)
            with contextlib.suppress(OSError):
                if send(port, "GET", "/health/liveliness", timeout=5).status == 200:
                    break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    chat = json.dumps({"model": "m", "messages": [{"role": "user", "content": "NUMBER"}]})
    port = free_port()
    vendor = f"http://127.0.0.1:{port}"
    server = subprocess.Popen([sys.executable, __file__, "serve", str(port)])
    rows = []
    try:
        time.sleep(1)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            command = [Path(os.environ["BIN"]) / "provider-cost", f"{vendor}/v1", str(options.calls)]
            cost = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            plain = httpx.Client()
            headers = {"content-type": "application/json"}
            body = chat.encode()
            bare = one_by_one(lambda _: plain.post(f"{vendor}/v1/chat/completions", content=body), options.calls)
            direct = load(f"{vendor}/v1/chat/completions", [], chat, options.seconds)
            rows.append(("the server itself, by httpx and wrk", bare, direct))

            settings = {
                "EMOTION_PROVIDERS": "openai",
                "OPENAI_API_KEY": "k",
                "OPENAI_BASE_URL": f"{vendor}/v1",
                "DRAIN_DELAY_SECONDS": "0",
            }
            service = Service("emotion-service", folder, settings).start()
            try:
                url = service.url + EXTRACT
                ours = one_by_one(
                    lambda number: plain.post(url, json={"mood": f"mood {number} {time.time_ns()}"}, headers=headers),
                    options.calls,
                )
                rate = load(url, [], json.dumps({"mood": "mood NUMBER"}), options.seconds)
                rows.append(("emotion-service", ours, rate))
            finally:
                service.kill()

            client = openai.OpenAI(api_key="k", base_url=f"{vendor}/v1", max_retries=0)
            messages = [{"role": "user", "content": "x"}]
            theirs = one_by_one(
                lambda _: client.chat.completions.create(model="m", messages=messages), options.calls
            )
            rows.append(("openai's Python client", theirs, asyncio.run(python_client(vendor, options.seconds))))

            if os.environ.get("LITELLM"):
                with litellm(vendor, folder) as proxy:
                    url = f"{proxy}/v1/chat/completions"
                    latency = one_by_one(lambda _: plain.post(url, content=body, headers=headers), options.calls // 10)
                    rows.append(("LiteLLM's proxy", latency, load(url, [], chat, options.seconds)))
    finally:
        server.terminate()
        server.wait(30)
    print(cost)
    print("| | median µs of a call | over the server itself | calls/s, 64 at once |\n|---|---|---|---|")
    for title, latency, rate in rows:
        over = latency - rows[0][1]
        print(f"| {title} | {latency:,.0f} | {'' if title == rows[0][0] else f'{over:,.0f}'} | {rate:,.0f} |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(int(sys.argv[2])))
    else:
        main()

"""Callers that others wrote, under load: what a normal user of HTTP has, and no more.

    foreign.py KIND CALLS TASKS URL...    prints a line of JSON when all calls have ended

KIND is `reqwest-h2` or `reqwest-h1` (pyqwest, on which connectrpc's Python client stands) or `urllib3-h1`.
A caller has several base URLs and takes them in turn. It goes on to the next one when it could not connect.
What the library sends again by itself, because the server said that it did not process it, is up to the
library. Anything else is a failed call: another error, or another status than 200.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import json
import sys
import threading
import time

import pyqwest
import urllib3

PATH = "/netflixgpt.embedding.v1.EmbeddingService/GetEmbeddingSpace"
HEADERS = {"content-type": "application/json", "connect-protocol-version": "1"}
PATIENCE = 15


class Turns:
    """Whose turn it is, and what came of the calls so far; for any number of threads."""

    def __init__(self, calls: int, urls: list[str]):
        self.urls = [url.rstrip("/") + PATH for url in urls]
        self.turn = itertools.count()
        self.left = iter(range(calls))
        self.latencies: list[float] = []
        self.elsewhere = 0
        self.failures: collections.Counter[str] = collections.Counter()

    def attempts(self):
        """The URLs to try for one call."""
        first = next(self.turn)
        return [self.urls[(first + number) % len(self.urls)] for number in range(2 * len(self.urls))]

    def ended(self, began: float, failure: str | None):
        self.latencies.append(time.monotonic() - began)
        if failure:
            self.failures[failure] += 1

    def summary(self) -> dict:
        ordered = sorted(self.latencies)
        return {
            "calls": len(ordered),
            "elsewhere": self.elsewhere,
            "failures": dict(self.failures),
            "p50": ordered[len(ordered) // 2] * 1000,
            "p99": ordered[len(ordered) * 99 // 100] * 1000,
        }


async def reqwest(turns: Turns, tasks: int, version: pyqwest.HTTPVersion):
    async def one(client: pyqwest.Client) -> str | None:
        for url in turns.attempts():
            try:
                call = client.execute("POST", url, HEADERS, b"{}")
                response = await asyncio.wait_for(call, PATIENCE)
            except ConnectionError:
                turns.elsewhere += 1
                continue
            except Exception as error:
                return f"{type(error).__name__}: {error}"
            return None if response.status == 200 else f"status {response.status}: {response.text()}"
        return "nobody could be reached"

    async def work(client: pyqwest.Client):
        for _ in turns.left:
            began = time.monotonic()
            turns.ended(began, await one(client))

    async with pyqwest.HTTPTransport(http_version=version, pool_max_idle_per_host=tasks) as transport:
        client = pyqwest.Client(transport)
        await asyncio.gather(*(work(client) for _ in range(tasks)))


def urllib(turns: Turns, tasks: int):
    pools = urllib3.PoolManager(maxsize=tasks)
    lock = threading.Lock()

    def one() -> str | None:
        for url in turns.attempts():
            try:
                response = pools.request(
                    "POST", url, body=b"{}", headers=HEADERS, retries=False, timeout=PATIENCE
                )
            except urllib3.exceptions.NewConnectionError:
                turns.elsewhere += 1
                continue
            except urllib3.exceptions.HTTPError as error:
                return f"{type(error).__name__}: {error}"
            return None if response.status == 200 else f"status {response.status}: {response.data}"
        return "nobody could be reached"

    def work():
        while True:
            with lock:
                if next(turns.left, None) is None:
                    return
            began = time.monotonic()
            turns.ended(began, one())

    threads = [threading.Thread(target=work) for _ in range(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main(kind: str, calls: str, tasks: str, *urls: str):
    turns = Turns(int(calls), list(urls))
    if kind == "urllib3-h1":
        urllib(turns, int(tasks))
    else:
        version = pyqwest.HTTPVersion.HTTP2 if kind == "reqwest-h2" else pyqwest.HTTPVersion.HTTP1
        asyncio.run(reqwest(turns, int(tasks), version))
    print(json.dumps(turns.summary()))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Hypercorn with a certificate of a made-up authority: a vendor over HTTPS, HTTP/2 by ALPN.

    python tls_server.py PORT CERTIFICATE KEY h2|http/1.1 PAUSE

It answers every chat as a vendor would, and `GET /seen` tells what it has seen.
"""

from __future__ import annotations

import asyncio
import json
import sys

import vendor_server
from hypercorn.asyncio import serve
from hypercorn.config import Config

PAUSE = float(sys.argv[5])
seen = {"versions": {}, "connections": {}, "requests": 0, "running": 0, "most": 0}


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event.get("body", b"")
        if not event.get("more_body"):
            break
    if scope["path"] == "/seen":
        answer = seen
    else:
        version, port = scope["http_version"], str(scope["client"][1])
        seen["requests"] += 1
        seen["versions"][version] = seen["versions"].get(version, 0) + 1
        seen["connections"][port] = seen["connections"].get(port, 0) + 1
        seen["running"] += 1
        seen["most"] = max(seen["most"], seen["running"])
        try:
            await asyncio.sleep(PAUSE)
            question = json.loads(body)
            answer = vendor_server.CHATS["completions"](question, vendor_server.content(question), "schema")
        finally:
            seen["running"] -= 1
    data = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})


if __name__ == "__main__":
    config = Config()
    config.bind = [f"127.0.0.1:{sys.argv[1]}"]
    config.certfile, config.keyfile = sys.argv[2:4]
    config.alpn_protocols = [sys.argv[4]]
    config.h2_max_concurrent_streams = 128
    config.keep_alive_max_requests = 100_000
    # Otherwise a busy machine lets connections end while a request is on its way to them.
    config.keep_alive_timeout = 300
    config.loglevel = "ERROR"
    asyncio.run(serve(app, config))

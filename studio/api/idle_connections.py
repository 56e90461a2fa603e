"""Closes connections on which no whole request comes: uvicorn waits for the end of the headers for ever."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

SECONDS = 10.0  # after which a connection without a new request is looked at again, and then closed


def close_idle() -> None:
    """Has this process's server close each connection that has waited for a request for 10 to 20 seconds.

    Streamlit starts uvicorn without a way to name another class for connections, so this changes the one
    there is. Call it before the server listens.
    """
    protocol: Any = AutoHTTPProtocol
    if getattr(protocol, "closes_idle", False):
        return
    begin = protocol.connection_made

    def connection_made(self: Any, transport: Any) -> None:
        begin(self, transport)
        self.loop.call_later(SECONDS, _look, self, transport, None)

    protocol.connection_made, protocol.closes_idle = connection_made, True


def _look(connection: Any, transport: Any, before: Any) -> None:
    """Closes a connection if since the last look no request began or was answered; looks again if not.

    Args:
        before: what it waited with at the last look, as `_waiting` tells it.
    """
    protocol = transport.get_protocol()
    if transport.is_closing() or (protocol is not connection and _is_open(protocol)):
        return
    now = _waiting(connection) if protocol is connection else protocol
    if now is not None and now is before:
        transport.close()
        return
    connection.loop.call_later(SECONDS, _look, connection, transport, now)


def _is_open(websocket: Any) -> bool:
    """Whether a websocket was answered, and pings from then on; with too long a header it never is."""
    return bool(getattr(websocket, "handshake_complete", True))


def _waiting(connection: Any) -> Any:
    """The request that was answered last, or `connection` if none came; None while one is being answered."""
    request = connection.cycle
    return (request or connection) if request is None or request.response_complete else None

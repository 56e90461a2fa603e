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
        before: the request that was answered at the last look; `connection` itself where none had come.
    """
    if transport.is_closing() or transport.get_protocol() is not connection:
        return  # it has become a websocket, which has its own pings
    request = connection.cycle
    waits = request is None or request.response_complete
    now = (request or connection) if waits else None
    if waits and now is before:
        transport.close()
        return
    connection.loop.call_later(SECONDS, _look, connection, transport, now)

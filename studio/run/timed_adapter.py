"""A transport of `requests` that limits how long the whole header of a response may take.

The timeout of `requests` limits a single read, so a server that sends a byte now and then never reaches it.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import HTTPResponse


class TimedAdapter(HTTPAdapter):
    """Opens connections whose response headers arrive in time, or end with `requests.ReadTimeout`.

    Args:
        header_seconds: from the end of a request to the end of the response's header.
    """

    def __init__(self, header_seconds: float):
        self._pools = _make_pools(header_seconds)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Creates the manager of direct connections."""
        super().init_poolmanager(*arguments, **options)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> ProxyManager:
        """Returns the manager of connections through a proxy."""
        manager: ProxyManager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._pools
        return manager


class _TimedConnection(HTTPConnection):
    """An HTTP connection that limits the time of response headers."""

    header_seconds: float

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        """Returns the response. Raises `TimeoutError` if its header takes too long."""
        is_late, connection = threading.Event(), self.sock

        def end() -> None:
            is_late.set()
            with suppress(OSError):  # closed meanwhile
                connection.shutdown(socket.SHUT_RDWR)  # ends the read that waits in the other thread

        timer = threading.Timer(self.header_seconds, end)
        timer.daemon = True
        timer.start()
        try:
            response = super().getresponse()
        except Exception:
            if is_late.is_set():
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
        if is_late.is_set():  # the end of the connection looks like the end of the header
            response.close()
            raise TimeoutError
        return response


def _make_pools(header_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """Returns the classes of connection pools by URL scheme."""
    plain = type("TimedConnection", (_TimedConnection,), {"header_seconds": header_seconds})
    encrypted = type(
        "TimedTlsConnection", (_TimedConnection, HTTPSConnection), {"header_seconds": header_seconds}
    )
    return {
        "http": type("TimedPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TimedTlsPool", (HTTPSConnectionPool,), {"ConnectionCls": encrypted}),
    }

"""ASGI middleware that refuses unknown host names, bodies that are too large, and slow clients."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems
from studio.core import amounts

MAX_JSON_BYTES = 1 << 20  # bytes of a body that is not a file
CHUNK_SECONDS = 30.0  # within which the next bytes of a body must arrive
MIN_BYTES_PER_SECOND = 8192  # bytes per second of a body, on average
GRACE_SECONDS = 30.0  # that any body may take in addition
_UNKNOWN_HOST = (
    "This studio answers on its own machine alone, as localhost. Call it as http://localhost there, or "
    "have whoever runs it open it to a network."
)
_TOO_SLOW = (
    f"The body came too slowly: less than {MIN_BYTES_PER_SECOND // 1024} KiB a second, or with a long pause. "
    "Send it again over a faster connection."
)


class HostGuard:
    """Refuses requests to pages and API with a host name that is not this server's.

    Args:
        app: the server's app.
        hosts: the server's host names.
        programs: the path prefix of the API, where refusals are problem details.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], programs: str):
        self._app, self._hosts, self._programs = app, list(hosts), programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds 400 to another host name, else as the app does."""
        is_known_host = False

        async def app(scope: Scope, receive: Receive, _: Send) -> None:
            nonlocal is_known_host
            is_known_host = True
            await self._app(scope, receive, send)

        async def discard(_: Message) -> None:
            """Drops the middleware's own refusal, which is plain text."""

        by_program = scope["type"] == "http" and scope["path"].startswith(self._programs)
        guarded = TrustedHostMiddleware(app, self._hosts, www_redirect=False)
        await guarded(scope, receive, discard if by_program else send)
        if by_program and not is_known_host:
            await problems.make_response(400, _UNKNOWN_HOST)(scope, receive, send)


class BodySizeLimit:
    """Limits the size of request bodies.

    Args:
        app: the API.
        larger: the maximum bytes by method and path, where it is more than MOST_JSON.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[tuple[str, str], int]):
        self._app, self._larger = app, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does; reading beyond the limit raises an error in it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        most = self._larger.get((scope["method"], relative_path(scope)), MAX_JSON_BYTES)
        count = 0

        async def receive_limited() -> Message:
            nonlocal count
            _check_size(_content_length(scope), most)
            message = await receive()
            count += len(message.get("body", b""))
            _check_size(count, most)
            return message

        await self._app(scope, receive_limited, send)


class BodyRateLimit:
    """Ends requests to pages and API whose body arrives too slowly.

    Only the time in which the server waits for bytes counts, so a busy server does not end requests.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does; reading from a client that is too slow raises an error in it."""
        steady = _TimedBody(receive).receive if scope["type"] == "http" else receive
        await self._app(scope, steady, send)


def relative_path(scope: Scope) -> str:
    """Returns the path of a request relative to the mount point of its app."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def closing_headers(scope: Scope) -> dict[str, str]:
    """Returns the header that closes the connection if an unread body is still to come."""
    headers = Headers(scope=scope)
    has_body = _content_length(scope) or "transfer-encoding" in headers
    return {"Connection": "close"} if has_body else {}


def _check_size(size: int, most: int) -> None:
    if size > most:
        detail = f"The body has more than {amounts.size(most)}. Upload what is large as a file."
        raise HTTPException(413, detail, {"Connection": "close"})


def _content_length(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


class _TimedBody:
    def __init__(self, receive: Receive):
        self._receive, self._bytes, self._whole, self._waited = receive, 0, False, 0.0

    async def receive(self) -> Message:
        if self._whole:  # the next message is the disconnect, at any time
            return await self._receive()
        left = GRACE_SECONDS + self._bytes / MIN_BYTES_PER_SECOND - self._waited
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            message: Any = await asyncio.wait_for(self._receive(), max(0.0, min(CHUNK_SECONDS, left)))
        except TimeoutError:
            raise HTTPException(408, _TOO_SLOW, {"Connection": "close"}) from None
        self._waited += loop.time() - start
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

"""ASGI middleware that refuses unknown host names, bodies that are too large, and slow clients."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems
from studio.core import amounts

MAX_JSON_BYTES = 1 << 20  # of a body that is not a file
CHUNK_SECONDS = 30.0  # within which the next bytes of a body must arrive
MIN_BYTES_PER_SECOND = 8192  # of a body
GRACE_SECONDS = 30.0  # that a body may lag behind this rate, at any moment
_MAX_DISCARDED_BYTES = 1 << 16  # of an unread body after which a connection may be used again
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
        api_prefix: the path prefix of the API, where refusals are problem details.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], api_prefix: str):
        self._app, self._hosts, self._api_prefix = app, list(hosts), api_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds 400 to another host name, else as the app does."""
        is_known_host = False

        async def app(scope: Scope, receive: Receive, _: Send) -> None:
            nonlocal is_known_host
            is_known_host = True
            await self._app(scope, receive, send)

        async def discard(_: Message) -> None:
            """Drops the middleware's own refusal, which is plain text."""

        is_api_request = scope["type"] == "http" and scope["path"].startswith(self._api_prefix)
        host_check = TrustedHostMiddleware(app, self._hosts, www_redirect=False)
        await host_check(scope, receive, discard if is_api_request else send)
        if is_api_request and not is_known_host:
            await problems.make_response(400, _UNKNOWN_HOST)(scope, receive, send)


class BodySizeLimit:
    """Limits the size of request bodies.

    Args:
        app: the API.
        larger_limits: the maximum bytes by method and path, where it is more than MAX_JSON_BYTES.
    """

    def __init__(self, app: ASGIApp, larger_limits: Mapping[tuple[str, str], int]):
        self._app, self._larger = app, larger_limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does; reading beyond the limit raises an error in it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        max_bytes = self._larger.get((scope["method"], relative_path(scope)), MAX_JSON_BYTES)
        received_bytes = 0

        async def receive_limited() -> Message:
            nonlocal received_bytes
            _check_size(read_content_length(scope), max_bytes)
            message = await receive()
            received_bytes += len(message.get("body", b""))
            _check_size(received_bytes, max_bytes)
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
        receive_timed = _TimedBody(receive).receive if scope["type"] == "http" else receive
        await self._app(scope, receive_timed, send)


class UnreadBodyGuard:
    """Closes connections whose request was answered before its body was read.

    Otherwise uvicorn would parse the rest of the body, however long it is, only to discard it.

    Args:
        app: the server's app.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does, with `Connection: close` if the app has not read the whole body."""
        if scope["type"] != "http" or not _may_be_long(scope):
            return await self._app(scope, receive, send)
        is_read = False

        async def receive_noted() -> Message:
            nonlocal is_read
            message = await receive()
            is_read |= not message.get("more_body", False)
            return message

        async def send_closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_read:
                MutableHeaders(scope=message)["connection"] = "close"
            await send(message)

        await self._app(scope, receive_noted, send_closing)


def relative_path(scope: Scope) -> str:
    """Returns the path of a request relative to the mount point of its app."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _may_be_long(scope: Scope) -> bool:
    """Returns whether a request has a body of unknown length, or a large one."""
    return "transfer-encoding" in Headers(scope=scope) or read_content_length(scope) > _MAX_DISCARDED_BYTES


def _check_size(size: int, max_bytes: int) -> None:
    """Raises 413 for a body that is too large."""
    if size > max_bytes:
        detail = f"The body has more than {amounts.format_bytes(max_bytes)}. Upload what is large as a file."
        raise HTTPException(413, detail, {"Connection": "close"})


def read_content_length(scope: Scope) -> int:
    """Returns the announced bytes of a body; 0 if there is no valid header."""
    length = Headers(scope=scope).get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


class _TimedBody:
    """A request body that must arrive at MIN_BYTES_PER_SECOND, and without long pauses.

    Bytes beyond that rate earn no more than GRACE_SECONDS, so a fast beginning allows no slow end.
    """

    def __init__(self, receive: Receive):
        self._receive, self._is_complete, self._seconds_left = receive, False, GRACE_SECONDS

    async def receive(self) -> Message:
        if self._is_complete:  # the next message is the disconnect, at any time
            return await self._receive()
        loop = asyncio.get_running_loop()
        start = loop.time()
        timeout = max(0.0, min(CHUNK_SECONDS, self._seconds_left))
        try:
            message: Any = await asyncio.wait_for(self._receive(), timeout)
        except TimeoutError:
            raise HTTPException(408, _TOO_SLOW, {"Connection": "close"}) from None
        earned_seconds = len(message.get("body", b"")) / MIN_BYTES_PER_SECOND
        seconds_left = self._seconds_left - (loop.time() - start) + earned_seconds
        self._seconds_left = min(GRACE_SECONDS, seconds_left)
        self._is_complete = not message.get("more_body", False)
        return message

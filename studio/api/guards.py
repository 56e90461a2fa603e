"""What stands before the API: foreign host names, endless bodies and clients that never finish one."""

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

MOST_JSON = 1 << 20  # bytes of a body that is no file
PIECE_SECONDS = 30.0  # within which the next bytes of a body must come
LEAST_RATE = 8192  # bytes per second of a body, on average
GRACE_SECONDS = 30.0  # that a body may take besides
_NO_NAME = (
    "This studio answers on its own machine alone, as localhost. Call it as http://localhost there, or "
    "have whoever runs it open it to a network."
)
_SLOW = (
    f"The body came too slowly: less than {LEAST_RATE // 1024} KiB a second, or with a long pause. "
    "Send it again over a faster connection."
)


class KnownHost:
    """Refuses requests by a name that is not this server's, for the pages as for the API.

    Args:
        app: all that the server answers.
        hosts: its names.
        programs: how addresses begin that are the API's: there the answer is a problem as all others.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], programs: str):
        self._app, self._hosts, self._programs = app, list(hosts), programs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 400 by another name, else as the app does."""
        known = False

        async def app(scope: Scope, receive: Receive, _: Send) -> None:
            nonlocal known
            known = True
            await self._app(scope, receive, send)

        async def unsaid(_: Message) -> None:
            """In place of the middleware's own refusal, which is plain text."""

        by_program = scope["type"] == "http" and scope["path"].startswith(self._programs)
        guarded = TrustedHostMiddleware(app, self._hosts, www_redirect=False)
        await guarded(scope, receive, unsaid if by_program else send)
        if by_program and not known:
            await problems.response(400, _NO_NAME)(scope, receive, send)


class Bounded:
    """Ends the reading of a body that has too many bytes.

    Args:
        app: the API.
        larger: the most bytes of a body by method and path, where that is more than MOST_JSON.
    """

    def __init__(self, app: ASGIApp, larger: Mapping[tuple[str, str], int]):
        self._app, self._larger = app, larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, which gets an error in place of what it may not read."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        most = self._larger.get((scope["method"], path_below(scope)), MOST_JSON)
        count = 0

        async def bounded() -> Message:
            nonlocal count
            _check_size(_announced(scope), most)
            message = await receive()
            count += len(message.get("body", b""))
            _check_size(count, most)
            return message

        await self._app(scope, bounded, send)


class Steady:
    """Ends the reading of a body that comes too slowly, of pages as of the API.

    Time counts only while the server waits for bytes: a server that is busy is not the client's fault.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, which gets an error once a client is too slow."""
        steady = _SteadyBody(receive).receive if scope["type"] == "http" else receive
        await self._app(scope, steady, send)


def path_below(scope: Scope) -> str:
    """The path of a request below where its app is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def end_of_connection(scope: Scope) -> dict[str, str]:
    """The header that ends the connection where a body is still to come, which nobody will read."""
    headers = Headers(scope=scope)
    has_body = _announced(scope) or "transfer-encoding" in headers
    return {"Connection": "close"} if has_body else {}


def _check_size(size: int, most: int) -> None:
    if size > most:
        told = f"The body has more than {amounts.size(most)}. Upload what is large as a file."
        raise HTTPException(413, told, {"Connection": "close"})


def _announced(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "0")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


class _SteadyBody:
    def __init__(self, receive: Receive):
        self._receive, self._bytes, self._whole, self._waited = receive, 0, False, 0.0

    async def receive(self) -> Message:
        if self._whole:  # the next message says that the client is gone, whenever that is
            return await self._receive()
        left = GRACE_SECONDS + self._bytes / LEAST_RATE - self._waited
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            message: Any = await asyncio.wait_for(self._receive(), max(0.0, min(PIECE_SECONDS, left)))
        except TimeoutError:
            raise HTTPException(408, _SLOW, {"Connection": "close"}) from None
        self._waited += loop.time() - began
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        return message

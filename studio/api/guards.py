"""What stands before the API: foreign host names, endless bodies and clients that never finish one."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.api import problems
from studio.core import amounts

MOST_JSON = 1 << 20  # bytes of a body that is no file
PIECE_SECONDS = 30.0  # within which the next bytes of a body must come
BODY_SECONDS = 3600.0  # within which all of it must
_NO_NAME = (
    "This studio answers on its own machine alone, as localhost. Next: call it as http://localhost there, or "
    "have whoever runs it open it to a network."
)
_SLOW = "The body did not come in time. Next: send it again, without a pause."
_LARGE = f"The body has more than {amounts.size(MOST_JSON)}. Next: upload what is large as a file."


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
    """Ends the reading of a body that has too many bytes, or comes too slowly.

    Args:
        files: the end of the path below which a body may be as large as the route allows.
    """

    def __init__(self, app: ASGIApp, files: str):
        self._app, self._files = app, files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, which gets an error in place of what it may not read."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        most = None if scope["path"].endswith(self._files) else MOST_JSON
        body = _Body(receive, most, _announced(scope))
        await self._app(scope, body.receive, send)


def _announced(scope: Scope) -> int:
    told = Headers(scope=scope).get("content-length", "0")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0


class _Body:
    def __init__(self, receive: Receive, most: int | None, announced: int):
        self._receive, self._most, self._announced = receive, most, announced
        self._bytes, self._whole, self._end = 0, False, 0.0

    async def receive(self) -> Message:
        if self._whole:  # what comes now is that the client is gone, whenever that is
            return await self._receive()
        loop = asyncio.get_running_loop()
        self._end = self._end or loop.time() + BODY_SECONDS
        self._check(self._announced)
        try:
            message: Any = await asyncio.wait_for(
                self._receive(), min(PIECE_SECONDS, max(0.0, self._end - loop.time()))
            )
        except TimeoutError:
            raise HTTPException(408, _SLOW, {"Connection": "close"}) from None
        self._bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        self._check(self._bytes)
        return message

    def _check(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise HTTPException(413, _LARGE, {"Connection": "close"})

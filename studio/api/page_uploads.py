"""Uploads to pages: Streamlit keeps each in memory until its page has taken it, however many there are."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.core.process import limits

PATH = "/_stcore/upload_file/"
LEAST_BYTES = 502 << 20  # that may be held on any machine: the largest upload that a page takes
_SHARE = 0.25  # of the machine's memory
_FULL = "The studio holds as many uploads as its memory allows. Try again in a minute."


class PageUploads:
    """Ends an upload to a page once all that come or wait would take too much memory.

    Args:
        app: all that the server answers.
        path: how addresses of such uploads begin.
        held: how many bytes of uploads wait for their pages.
    """

    def __init__(self, app: ASGIApp, path: str, held: Callable[[], int]):
        self._app, self._path, self._held, self._coming = app, path, held, 0
        self._most = max(LEAST_BYTES, int(_SHARE * limits.memory()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, which gets an error in place of what there is no memory for."""
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            return await self._app(scope, receive, send)
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            size = len(message.get("body", b""))
            count += size
            self._coming += size
            if self._coming + self._held() > self._most:
                raise HTTPException(507, _FULL, {"Connection": "close"})
            return message

        try:
            await self._app(scope, counted, send)
        finally:
            self._coming -= count

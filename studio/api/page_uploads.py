"""Limits the memory of uploads to pages, because Streamlit holds each until its page has read it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.core.process import limits

PATH = "/_stcore/upload_file/"
MIN_LIMIT_BYTES = 502 << 20  # allowed on any machine: the largest upload that a page accepts
_MEMORY_SHARE = 0.25  # of the machine's memory
_FULL = "The studio holds as many uploads as its memory allows. Try again in a minute."


class PageUploads:
    """Ends an upload to a page if all incoming and waiting uploads take too much memory.

    Args:
        app: the server's app.
        path: the path prefix of such uploads.
        waiting_bytes: returns how many bytes of uploads wait for their pages.
    """

    def __init__(self, app: ASGIApp, path: str, count_waiting_bytes: Callable[[], int]):
        self._app, self._path, self._waiting_bytes, self._incoming = app, path, count_waiting_bytes, 0
        self._most = max(MIN_LIMIT_BYTES, int(_MEMORY_SHARE * limits.read_memory_limit()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does; reading an upload beyond the limit raises an error in it."""
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            return await self._app(scope, receive, send)
        body_bytes = 0

        async def receive_counted() -> Message:
            nonlocal body_bytes
            message = await receive()
            size = len(message.get("body", b""))
            body_bytes += size
            self._incoming += size
            if self._incoming + self._waiting_bytes() > self._most:
                raise HTTPException(507, _FULL, {"Connection": "close"})
            return message

        try:
            await self._app(scope, receive_counted, send)
        finally:
            self._incoming -= body_bytes

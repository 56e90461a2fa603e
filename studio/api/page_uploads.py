"""Limits the memory of uploads to pages, because Streamlit holds each until its page has read it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from studio.core.process import limits

PATH = "/_stcore/upload_file/"
MIN_LIMIT_BYTES = 502 << 20  # allowed on any machine: the largest upload that a page accepts
WAITING_SECONDS = 60.0  # after which an upload that its page has not read makes way for others
_MEMORY_SHARE = 0.25  # of the machine's memory
_OWNER_SHARE, _ADDRESS_SHARE = 0.5, 0.75  # of what all others leave
_MAX_UPLOADS = 1 << 14  # in memory, so the list of them stays short
_FULL = "The studio holds as many uploads as its memory allows. Try again in a minute."


class FileManager(Protocol):
    """What this module needs of Streamlit's manager of uploaded files."""

    def get_files(self, session_id: str, file_ids: list[str]) -> list[object]:
        """Returns those files of a session that are in memory."""

    def remove_file(self, session_id: str, file_id: str) -> None:
        """Removes a file from memory, if it is there."""


@dataclass(eq=False)
class _Upload:
    """An upload that is arriving, or waits for its page.

    Attributes:
        session, file: ids of the page's session and of the file, from the path.
        shares: whom it counts for, with the share of the memory that these may use.
        bytes: received so far, and a part of the memory that each upload takes.
        end: when it was complete, in seconds of the event loop; None while it arrives.
    """

    session: str
    file: str
    shares: Mapping[str, float]
    bytes: int
    end: float | None = None


class PageUploads:
    """Ends an upload to a page if all incoming and waiting uploads take too much memory.

    In a shared studio, the uploads of one visitor may take half of what those of others leave, and those of
    one address three quarters.

    Args:
        app: the server's app.
        path: the path prefix of such uploads.
        get_file_manager: returns Streamlit's manager of uploaded files.
        owner_cookie: name of the cookie that tells visitors apart; "" in a studio of one user.
    """

    def __init__(
        self, app: ASGIApp, path: str, get_file_manager: Callable[[], FileManager], owner_cookie: str = ""
    ):
        self._app, self._path, self._get_manager = app, path, get_file_manager
        self._owner_cookie = owner_cookie
        self._uploads: set[_Upload] = set()
        self._total_bytes = 0
        self._bytes: Counter[str] = Counter()  # by whom an upload counts for
        self._most = max(MIN_LIMIT_BYTES, int(_MEMORY_SHARE * limits.read_memory_limit()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Responds as the app does; reading an upload beyond the limit raises an error in it."""
        if scope["type"] != "http" or not scope["path"].startswith(self._path):
            return await self._app(scope, receive, send)
        session, _, file = scope["path"].removeprefix(self._path).partition("/")
        upload = _Upload(session, file, self._find_shares(scope), 0)

        async def receive_counted() -> Message:
            message = await receive()
            self._count(upload, len(message.get("body", b"")))
            self._check(upload)
            return message

        self._uploads.add(upload)
        self._count(upload, self._most // _MAX_UPLOADS)
        try:
            await self._app(scope, receive_counted, send)
        finally:
            upload.end = asyncio.get_running_loop().time()
            self._forget_read([upload])

    def _find_shares(self, scope: Scope) -> dict[str, float]:
        """Returns whom an upload counts for: the visitor, and the address, because cookies cost nothing."""
        if not self._owner_cookie:
            return {}
        owner = HTTPConnection(scope).cookies.get(self._owner_cookie, "")
        address = (scope.get("client") or ("", 0))[0]
        return {f"owner {owner}": _OWNER_SHARE, f"address {address}": _ADDRESS_SHARE}

    def _count(self, upload: _Upload, more_bytes: int) -> None:
        """Adds bytes to an upload and to all that it counts for."""
        upload.bytes += more_bytes
        self._total_bytes += more_bytes
        for name in upload.shares:
            self._bytes[name] += more_bytes

    def _check(self, upload: _Upload) -> None:
        """Raises 507 if an upload takes more memory than it may, even without those that waited too long."""
        if self._fits(upload):
            return
        self._forget_read(self._uploads)
        if self._fits(upload):
            return
        self._remove_old()
        if not self._fits(upload):
            raise HTTPException(507, _FULL, {"Connection": "close"})

    def _fits(self, upload: _Upload) -> bool:
        """Returns whether the memory suffices for all uploads, and each share of this upload for its own."""
        return self._total_bytes <= self._most and all(
            self._bytes[name] <= share * (self._most - self._total_bytes + self._bytes[name])
            for name, share in upload.shares.items()
        )

    def _forget_read(self, uploads: Iterable[_Upload]) -> None:
        """Forgets complete uploads that are no longer in memory: refused, or read by their pages."""
        manager = self._get_manager()
        for upload in list(uploads):
            if upload.end is not None and not manager.get_files(upload.session, [upload.file]):
                self._uploads.remove(upload)
                self._count(upload, -upload.bytes)
                for name in upload.shares:
                    if not self._bytes[name]:
                        del self._bytes[name]

    def _remove_old(self) -> None:
        """Removes uploads that wait too long. While others arrive for a session, its page reads none."""
        oldest_end = asyncio.get_running_loop().time() - WAITING_SECONDS
        fresh_sessions = {
            upload.session for upload in self._uploads if upload.end is None or upload.end > oldest_end
        }
        for upload in self._uploads:
            if upload.session not in fresh_sessions:
                self._get_manager().remove_file(upload.session, upload.file)
        self._forget_read(self._uploads)

"""Concurrent uploads to pages stay within the memory limit of the server."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.exceptions import HTTPException

from studio.api import page_uploads


class Server:
    """Stores the bodies of uploads, as the page server does."""

    def __init__(self):
        self.sizes = {}
        self._guard = page_uploads.PageUploads(
            self._receive_body, page_uploads.PATH, lambda: sum(self.sizes.values())
        )

    async def _receive_body(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        self.sizes[scope["path"]] = size

    def put(self, path: str, size: int) -> int:
        """Uploads a body without a Content-Length header; returns the status."""
        coming = iter([100] * (size // 100))

        async def receive():
            piece = next(coming, 0)
            return {"type": "http.request", "body": bytes(piece), "more_body": piece > 0}

        scope = {"type": "http", "method": "PUT", "path": path, "headers": []}
        try:
            # In a new thread, because a browser driver may keep an event loop running in this one.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, self._guard(scope, receive, None)).result()
        except HTTPException as error:
            return error.status_code
        return 204


@pytest.fixture
def server(monkeypatch) -> Server:
    monkeypatch.setattr(page_uploads, "MIN_LIMIT_BYTES", 1000)
    monkeypatch.setattr(page_uploads, "_MEMORY_SHARE", 0.0)
    return Server()


def test_uploads_are_rejected_while_memory_is_full(server):
    paths = [page_uploads.PATH + name for name in "abc"]
    assert [server.put(path, 400) for path in paths] == [204, 204, 507]
    assert list(server.sizes) == paths[:2]
    server.sizes.clear()  # as if their pages had read them
    assert server.put(paths[2], 1000) == 204
    assert server.put("/other", 5000) == 204


def test_rejected_uploads_do_not_count(server):
    assert [server.put(page_uploads.PATH, 2000) for _ in range(5)] == [507] * 5
    assert server.put(page_uploads.PATH, 900) == 204

"""Uploads to pages take no more memory than the server has for them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.exceptions import HTTPException

from studio.api import page_uploads


class Server:
    """What keeps the bodies of uploads, as the server of pages does."""

    def __init__(self):
        self.held = {}
        self._guard = page_uploads.PageUploads(self._keep, page_uploads.PATH, lambda: sum(self.held.values()))

    async def _keep(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        self.held[scope["path"]] = size

    def put(self, path: str, size: int) -> int:
        """The status of an upload whose length is not announced."""
        coming = iter([100] * (size // 100))

        async def receive():
            piece = next(coming, 0)
            return {"type": "http.request", "body": bytes(piece), "more_body": piece > 0}

        scope = {"type": "http", "method": "PUT", "path": path, "headers": []}
        try:
            # In a thread of its own, since a browser driver of the same run keeps a loop running in this one.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, self._guard(scope, receive, None)).result()
        except HTTPException as refused:
            return refused.status_code
        return 204


@pytest.fixture
def server(monkeypatch) -> Server:
    monkeypatch.setattr(page_uploads, "LEAST_BYTES", 1000)
    monkeypatch.setattr(page_uploads, "_SHARE", 0.0)
    return Server()


def test_uploads_are_refused_while_those_that_wait_fill_the_memory(server):
    paths = [page_uploads.PATH + name for name in "abc"]
    assert [server.put(path, 400) for path in paths] == [204, 204, 507]
    assert list(server.held) == paths[:2]
    server.held.clear()  # their pages took them
    assert server.put(paths[2], 1000) == 204
    assert server.put("/other", 5000) == 204


def test_what_was_refused_counts_no_more(server):
    assert [server.put(page_uploads.PATH, 2000) for _ in range(5)] == [507] * 5
    assert server.put(page_uploads.PATH, 900) == 204

"""Concurrent uploads to pages stay within the memory limit of the server, and leave memory for others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.exceptions import HTTPException
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from studio.api import page_uploads


class Server:
    """Stores the bodies of uploads as the page server does, with its own manager of files."""

    def __init__(self, owner_cookie: str = ""):
        self.files = MemoryUploadedFileManager("")
        self._guard = page_uploads.PageUploads(
            self._receive_body, page_uploads.PATH, lambda: self.files, owner_cookie
        )

    async def _receive_body(self, scope, receive, send):
        size, more = 0, True
        while more:
            message = await receive()
            size += len(message["body"])
            more = message["more_body"]
        session, _, file = scope["path"].removeprefix(page_uploads.PATH).partition("/")
        self.files.add_file(session, UploadedFileRec(file, file, "", bytes(size)))

    def list_files(self) -> list[str]:
        return [file for session in self.files.file_storage.values() for file in session]

    def put(self, path: str, size: int, owner: str = "ada", address: str = "1.1.1.1") -> int:
        """Uploads a body without a Content-Length header; returns the status."""
        # In a new thread, because a browser driver may keep an event loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, self.send(path, [100] * (size // 100), owner, address)).result()

    async def send(self, path: str, pieces, owner: str = "ada", address: str = "1.1.1.1") -> int:
        """Uploads pieces of these sizes, or awaits those that are events; returns the status."""
        coming = iter(pieces)

        async def receive():
            piece = next(coming, 0)
            if isinstance(piece, asyncio.Event):
                await piece.wait()
                piece = 1
            return {"type": "http.request", "body": bytes(piece), "more_body": piece > 0}

        headers = [(b"cookie", f"owner={owner}".encode())]
        scope = {"type": "http", "method": "PUT", "path": path, "headers": headers, "client": (address, 1)}
        try:
            await self._guard(scope, receive, None)
        except HTTPException as error:
            return error.status_code
        return 204


@pytest.fixture(autouse=True)
def small_memory(monkeypatch):
    monkeypatch.setattr(page_uploads, "MIN_LIMIT_BYTES", 1000)
    monkeypatch.setattr(page_uploads, "_MEMORY_SHARE", 0.0)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def shared_server() -> Server:
    return Server("owner")


def _path(name: str, session: str = "s") -> str:
    return f"{page_uploads.PATH}{session}/{name}"


def test_uploads_are_rejected_while_memory_is_full(server):
    assert [server.put(_path(name), 400) for name in "abc"] == [204, 204, 507]
    assert server.list_files() == ["a", "b"]
    for name in "ab":
        server.files.remove_file("s", name)  # as their pages do once they have read them
    assert server.put(_path("c"), 1000) == 204
    assert server.put("/other", 5000) == 204


def test_rejected_uploads_do_not_count(server):
    assert [server.put(_path("a"), 2000) for _ in range(5)] == [507] * 5
    assert server.put(_path("a"), 900) == 204


def test_a_visitor_leaves_memory_for_others(shared_server):
    assert [shared_server.put(_path(name), 200) for name in "abc"] == [204, 204, 507]
    assert [shared_server.put(_path(name, "t"), 100, "bob", "2.2.2.2") for name in "abc"] == [204] * 3
    shared_server.files.remove_session_files("s")
    assert shared_server.put(_path("d"), 300) == 204


def test_visitors_of_one_address_leave_memory_for_others(shared_server):
    statuses = [shared_server.put(_path("a", owner), 200, owner) for owner in "pqrst"]
    assert statuses == [204, 204, 204, 507, 507]
    assert shared_server.put(_path("b", "v"), 100, "v", "2.2.2.2") == 204


def test_uploads_that_wait_long_make_way_for_others(server, monkeypatch):
    assert server.put(_path("a"), 900) == 204
    assert server.put(_path("b", "t"), 200) == 507
    monkeypatch.setattr(page_uploads, "WAITING_SECONDS", -1.0)
    assert server.put(_path("b", "t"), 200) == 204 and server.list_files() == ["b"]


def test_waiting_uploads_stay_while_read_ones_leave_enough_memory(server, monkeypatch):
    monkeypatch.setattr(page_uploads, "WAITING_SECONDS", -1.0)
    assert [server.put(_path("a"), 500), server.put(_path("b", "t"), 400)] == [204, 204]
    server.files.remove_file("t", "b")
    assert server.put(_path("c", "u"), 400) == 204 and server.list_files() == ["a", "c"]


def test_uploads_of_a_page_wait_for_those_that_still_arrive(server, monkeypatch):
    """A page reads several files when the last one is complete."""
    monkeypatch.setattr(page_uploads, "WAITING_SECONDS", -1.0)

    async def upload_both() -> list[int]:
        is_complete = asyncio.Event()
        assert await server.send(_path("a"), [500]) == 204
        second = asyncio.create_task(server.send(_path("b"), [100, is_complete]))
        await asyncio.sleep(0)
        statuses = [await server.send(_path("c", "t"), [600])]
        is_complete.set()
        return [*statuses, await second, await server.send(_path("c", "t"), [600])]

    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(asyncio.run, upload_both()).result() == [507, 204, 204]
    assert server.list_files() == ["c"]


def test_the_number_of_uploads_is_limited(server, monkeypatch):
    monkeypatch.setattr(page_uploads, "_MAX_UPLOADS", 4)
    assert [server.put(_path(str(number)), 0) for number in range(6)] == [204] * 4 + [507] * 2

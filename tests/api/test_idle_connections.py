"""Connections whose header never ends are closed, and the parser of requests is the one in C."""

from __future__ import annotations

import socket
from contextlib import suppress
from http.client import HTTPResponse

import pytest
from starlette.responses import PlainTextResponse
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from studio.api import idle_connections
from tests.api.conftest import serve_api, split_address

PATCHED = ("connection_made", "data_received", "on_headers_complete", "on_body")
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"


@pytest.fixture
def port(monkeypatch):
    """A server that reads the body of each request, with the limits of the studio."""
    for name in PATCHED:  # so that they are restored after the test
        monkeypatch.setattr(HttpToolsProtocol, name, getattr(HttpToolsProtocol, name))
    monkeypatch.setattr(HttpToolsProtocol, "closes_idle", False, raising=False)
    idle_connections.close_idle()

    async def app(scope, receive, send):
        count = 0
        while (message := await receive()).get("more_body"):
            count += len(message["body"])
        await PlainTextResponse(f"{count + len(message.get('body', b''))} bytes")(scope, receive, send)

    with serve_api(app) as address:
        yield split_address(address)[1]


def test_requests_are_parsed_in_c():
    """uvicorn takes its parser in Python without `httptools`; a body of tiny chunks would keep it busy."""
    assert AutoHTTPProtocol is HttpToolsProtocol


@pytest.mark.parametrize(
    "beginning, endless",
    [
        (HEAD, b"x: " + b"a" * 1000),
        (HEAD, b"x: a\r\n" * 1000),
        (b"GET /", b"a" * 1000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n", b"x: a\r\n" * 1000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;", b"a" * 1000),
    ],
    ids=["a long field", "many fields", "a long address", "many trailers", "a long chunk extension"],
)
def test_endless_header_closes_the_connection(port, beginning, endless):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(beginning)
        sent_bytes = 0
        with suppress(ConnectionError):
            while sent_bytes < 64 << 20:
                connection.sendall(endless)
                sent_bytes += len(endless)
        assert sent_bytes < 32 << 20, "it was never closed"


@pytest.mark.parametrize(
    "header, body",
    [
        (b"Content-Length: 2000000", bytes(2_000_000)),
        (b"Transfer-Encoding: chunked", b"1\r\na\r\n" * 40_000 + b"0\r\n\r\n"),
        (b"Cookie: " + b"a" * 60_000 + b"\r\nContent-Length: 3", b"abc"),
    ],
    ids=["a large body", "tiny chunks", "a long cookie"],
)
def test_long_requests_are_answered(port, header, body):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(2):  # the count begins again with each request
            connection.sendall(HEAD + header + b"\r\n\r\n" + body)
            response = HTTPResponse(connection)
            response.begin()
            expected = 40_000 if body.startswith(b"1") else len(body)
            assert (response.status, response.read()) == (200, f"{expected} bytes".encode())

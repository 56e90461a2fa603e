"""A package index and an npm registry on loopback that misbehave on request."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_FILES = ("/files/", "/npm/tiny/-/")


class PackageIndex(ThreadingHTTPServer):
    """Serves `files` as the package `tiny`, to pip below `address` and to npm below `registry`.

    Attributes:
        files: bytes by file name; the test may change them between requests.
        ranges: whether parts are served.
        cuts: the next answers break off after so many bytes, in turn.
        pause: seconds between pieces of 64 kB.
        status: answers every file with this error, if not 0.
        page: serves this HTML page in place of every file, if not None.
        length: whether answers have a Content-Length.
        listed: address of the files in the index or the registry, if not here.
        log: one line for each request for a file: its Range header or "".
        signed: of each of those, whether it came with a name and a password.
    """

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = files
        self.ranges, self.length, self.page, self.pause, self.status = True, True, None, 0.0, 0
        self.listed = ""
        self.cuts: list[int] = []
        self.log: list[str] = []
        self.signed: list[bool] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"

    @property
    def registry(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/npm"


@contextlib.contextmanager
def serve(files: dict[str, bytes]) -> Iterator[PackageIndex]:
    server = PackageIndex(files)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: PackageIndex

    def do_GET(self):
        if self.path == "/simple/tiny/":
            base = self.server.listed or "/files"
            links = "".join(f'<a href="{base}/{name}">{name}</a>' for name in self.server.files)
            self._send(f"<html><body>{links}</body></html>".encode(), "text/html")
        elif self.path == "/npm/tiny":
            self._send(self.server.page or self._list_versions(), "application/json")
        elif self.path.startswith(_FILES) and self.path.rpartition("/")[2] in self.server.files:
            self._send_file(self.server.files[self.path.rpartition("/")[2]])
        else:
            self.send_error(404)

    def _list_versions(self) -> bytes:
        base = self.server.listed or f"http://127.0.0.1:{self.server.server_port}/files"
        files = [("1.0", {"dist": {"tarball": f"{base}/{name}"}}) for name in self.server.files]
        return json.dumps({"versions": dict(files)}).encode()

    def _send_file(self, data: bytes):
        byte_range = self.headers.get("Range", "")
        self.server.log.append(byte_range)
        self.server.signed.append("Authorization" in self.headers)
        if self.server.status:
            self.send_error(self.server.status)
        elif self.server.page is not None:
            self._send(self.server.page, "text/html", length=self.server.length)
        elif byte_range and self.server.ranges:
            start = int(byte_range.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                self.send_error(416)
            else:
                self._send(data[start:], "application/gzip", start, len(data))
        else:
            self._send(data, "application/gzip", length=self.server.length)

    def _send(self, data, content_type, start=None, total=0, length=True):
        self.send_response(200 if start is None else 206)
        self.send_header("Content-Type", content_type)
        if length:
            self.send_header("Content-Length", str(len(data)))
        if start is not None:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        is_file = self.path.startswith(_FILES)
        end = self.server.cuts.pop(0) if is_file and self.server.cuts else len(data)
        with contextlib.suppress(OSError):  # the client may have gone
            for position in range(0, min(end, len(data)), 1 << 16):
                self.wfile.write(data[position : min(position + (1 << 16), end)])
                if is_file:
                    time.sleep(self.server.pause)

    def log_message(self, *arguments):
        """Prints nothing."""

"""Downloads a file from a package index or from Keras' own URL, with resumption, and verifies it.

Replaces pooch and the clients of the indexes, which cannot resume, limit the size, or be cancelled.
"""

from __future__ import annotations

import errno
import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from studio.core import amounts
from studio.core.errors import InsufficientSpace
from studio.core.progress import Progress
from studio.core.weights import download_urls
from studio.core.weights.download_urls import CONNECT_SECONDS, READ_SECONDS, DownloadFailed, Mirror
from studio.core.weights.index import Source

if TYPE_CHECKING:
    import requests

MAX_TRIES = 3  # consecutive requests without new bytes
_CHUNK_BYTES = 1 << 14  # an interruption loses at most one chunk
_REPORT_BYTES = 1 << 18  # between two progress reports


def fetch(source: Source, folder: Path, progress: Progress, title: str) -> Path:
    """Downloads a source's file into `folder`. A later call resumes after an interruption or a cancel.

    Args:
        source: an entry of the index.
        folder: where `FILE.part` is written.
        progress: receives the downloaded and total bytes.
        title: the file's title for users.

    Returns:
        The path of the complete file, with the pinned checksum.

    Raises:
        DownloadFailed: if no mirror has it; the text names each mirror and the reason.
        InsufficientSpace: if the disk is full.
        Cancelled: if the user asked to stop.
    """
    import requests

    part = folder / f"{source.file}.part"
    reasons = []
    progress.report_stage(f"Looking for {title}")
    for mirror in download_urls.find_mirrors(source):
        try:
            _fetch_from_mirror(mirror, part, source, _ByteProgress(progress, title))
            return part.replace(folder / source.file)
        except DownloadFailed as error:
            reasons.append(f"{mirror.label} {error}")
        except requests.RequestException as error:
            reasons.append(f"{mirror.label} {_describe_error(error)}")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise InsufficientSpace(
                    f"The disk of {folder} is full while fetching {title}. Free some space and try again."
                ) from None
            reasons.append(f"{mirror.label} fails ({error.strerror or error})")
        finally:
            mirror.session.close()
    raise DownloadFailed("; ".join(reasons) or "no index over HTTP is set for pip")


def matches(path: Path, source: Source) -> bool:
    """Returns whether the file has the size and the checksum that its source pins."""
    if path.stat().st_size != source.bytes:
        return False
    algorithm, digest = source.checksum
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest() == digest


@dataclass(frozen=True)
class _ByteProgress:
    """Reports downloaded bytes to a `Progress`, about every _REPORT_BYTES."""

    progress: Progress
    title: str

    def __call__(self, done_bytes: int, new_bytes: int, total_bytes: int) -> None:
        self.progress.check()
        is_due = done_bytes // _REPORT_BYTES > (done_bytes - new_bytes) // _REPORT_BYTES
        if is_due or done_bytes == total_bytes:
            text = f"Fetching {self.title} ({amounts.format_bytes(total_bytes)})"
            self.progress.report(done_bytes, total_bytes, text=text)


def _fetch_from_mirror(mirror: Mirror, part: Path, source: Source, on_bytes: _ByteProgress) -> None:
    """Downloads a file from one mirror and verifies its checksum."""
    if not download_urls.is_reachable(mirror):
        raise DownloadFailed("cannot be reached")
    address = mirror.find_url()
    for _ in range(2):  # a wrong file from a resumed download gets one fresh start
        was_resumed = _download(mirror, address, part, source, on_bytes)
        if matches(part, source):
            return
        part.unlink()
        if not was_resumed:
            break
    raise DownloadFailed("sent other bytes than the pinned ones")


def _download(mirror: Mirror, address: str, part: Path, source: Source, on_bytes: _ByteProgress) -> bool:
    """Downloads the file; resumes after interruptions as long as tries bring new bytes.

    Returns:
        Whether the file was assembled from more than one response.
    """
    import requests

    failures = 0
    was_resumed = False
    while True:
        old_size = _file_size(part)
        was_resumed = was_resumed or old_size > 0
        reason = "breaks off"  # without a length header, an interruption raises no error
        try:
            if _request_rest(mirror, address, part, source.bytes, on_bytes):
                return was_resumed
        except requests.RequestException as error:
            status = _http_status(error)
            if status is not None and status < 500:
                raise
            reason = _describe_error(error)
        failures = 0 if _file_size(part) > old_size else failures + 1
        if failures >= MAX_TRIES:
            received = f" after {_file_size(part):,} of {source.bytes:,} bytes" if _file_size(part) else ""
            raise DownloadFailed(reason + received)
        if failures:
            time.sleep(0.5 * failures)
        on_bytes.progress.check()


def _request_rest(
    mirror: Mirror, address: str, part: Path, expected_size: int, on_bytes: _ByteProgress
) -> bool:
    """Requests the missing bytes once and appends them. Returns whether the file is complete."""
    size = _file_size(part)
    if size >= expected_size:
        return True
    headers = {"Range": f"bytes={size}-"} if size else {}
    same_host = urlsplit(address).hostname == urlsplit(mirror.address).hostname
    with mirror.session.get(
        address,
        stream=True,
        headers=headers,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        auth=mirror.auth if same_host else None,
    ) as response:
        if response.status_code == 416:  # the server has no more bytes, so the partial file is wrong
            part.unlink(missing_ok=True)
            return False
        response.raise_for_status()
        if not response.headers.get("Content-Range", "").startswith(f"bytes {size}-"):
            size = 0  # the server sends the whole file again
        length = response.headers.get("Content-Length", "")
        total = size + int(length) if length.isdigit() else expected_size
        if total != expected_size:
            kind = response.headers.get("Content-Type", "unknown kind").split(";")[0]
            raise DownloadFailed(f"offers {total:,} bytes ({kind}) instead of {expected_size:,}")
        return _append_response(response, part, size, total, on_bytes)


def _append_response(
    response: requests.Response, part: Path, size: int, expected_size: int, on_bytes: _ByteProgress
) -> bool:
    """Appends a response after the first `size` bytes of a file. Returns whether the file is complete."""
    with part.open("ab" if size else "wb") as handle:
        for chunk in response.iter_content(_CHUNK_BYTES):
            handle.write(chunk)
            size += len(chunk)
            if size > expected_size:
                raise DownloadFailed(f"sends more than {expected_size:,} bytes")
            on_bytes(size, len(chunk), expected_size)
    return size == expected_size


def _file_size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _http_status(error: Exception) -> int | None:
    """Returns the HTTP status of an error, or None."""
    import requests

    if not isinstance(error, requests.HTTPError) or error.response is None:
        return None
    return error.response.status_code


def _describe_error(error: Exception) -> str:
    """Returns what a mirror did wrong, to follow its name: "does not answer"."""
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "shows a certificate that is not trusted (set pip's `cert` to your network's)"
    if (status := _http_status(error)) is not None:
        return f"answers with error {status}"
    if isinstance(error, requests.Timeout):
        return "does not answer"
    return "breaks off"

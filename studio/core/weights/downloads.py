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

TRIES = 3  # consecutive tries without new bytes
_CHUNK = 1 << 14  # bytes; an interruption loses at most one chunk
_REPORT = 1 << 18  # bytes between two progress reports


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
    progress.stage(f"Looking for {title}")
    for mirror in download_urls.mirrors_of(source):
        try:
            _get(mirror, part, source, _ByteProgress(progress, title))
            return part.replace(folder / source.file)
        except DownloadFailed as error:
            reasons.append(f"{mirror.label} {error}")
        except requests.RequestException as error:
            reasons.append(f"{mirror.label} {_why(error)}")
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
    progress: Progress
    title: str

    def __call__(self, done: int, new: int, total: int) -> None:
        self.progress.check()
        if done // _REPORT == (done - new) // _REPORT and done != total:
            return
        self.progress.report(done, total, text=f"Fetching {self.title} ({amounts.size(total)})")


def _get(mirror: Mirror, part: Path, source: Source, on_bytes: _ByteProgress) -> None:
    if not download_urls.is_reachable(mirror):
        raise DownloadFailed("cannot be reached")
    address = mirror.find_url()
    for _ in range(2):  # a wrong file from a resumed download gets one fresh start
        resumed = _download(mirror, address, part, source, on_bytes)
        if matches(part, source):
            return
        part.unlink()
        if not resumed:
            break
    raise DownloadFailed("sent other bytes than the pinned ones")


def _download(mirror: Mirror, address: str, part: Path, source: Source, on_bytes: _ByteProgress) -> bool:
    """Downloads the file; resumes after interruptions as long as tries bring new bytes.

    Returns:
        Whether the file was assembled from more than one response.
    """
    import requests

    failures = 0
    resumed = False
    while True:
        have = _size(part)
        resumed = resumed or have > 0
        reason = "breaks off"  # without a length header, an interruption raises no error
        try:
            if _stream(mirror, address, part, source.bytes, on_bytes):
                return resumed
        except requests.RequestException as error:
            status = _status(error)
            if status is not None and status < 500:
                raise
            reason = _why(error)
        failures = 0 if _size(part) > have else failures + 1
        if failures >= TRIES:
            came = f" after {_size(part):,} of {source.bytes:,} bytes" if _size(part) else ""
            raise DownloadFailed(reason + came)
        if failures:
            time.sleep(0.5 * failures)
        on_bytes.progress.check()


def _stream(mirror: Mirror, address: str, part: Path, expected: int, on_bytes: _ByteProgress) -> bool:
    """Sends one request and appends the response. Returns whether the file is complete."""
    have = _size(part)
    if have >= expected:
        return True
    headers = {"Range": f"bytes={have}-"} if have else {}
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
        if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            have = 0  # the server sends the whole file again
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else expected
        if total != expected:
            kind = response.headers.get("Content-Type", "unknown kind").split(";")[0]
            raise DownloadFailed(f"offers {total:,} bytes ({kind}) instead of {expected:,}")
        return _append(response, part, have, total, on_bytes)


def _append(response: requests.Response, part: Path, have: int, total: int, on_bytes: _ByteProgress) -> bool:
    with part.open("ab" if have else "wb") as handle:
        for chunk in response.iter_content(_CHUNK):
            handle.write(chunk)
            have += len(chunk)
            if have > total:
                raise DownloadFailed(f"sends more than {total:,} bytes")
            on_bytes(have, len(chunk), total)
    return have == total


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _status(error: Exception) -> int | None:
    """Returns the HTTP status of an error, or None."""
    import requests

    if not isinstance(error, requests.HTTPError) or error.response is None:
        return None
    return error.response.status_code


def _why(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "shows a certificate that is not trusted (set pip's `cert` to your network's)"
    if (status := _status(error)) is not None:
        return f"answers with error {status}"
    if isinstance(error, requests.Timeout):
        return "does not answer"
    return "breaks off"

"""Fetches one file from a package index or from where Keras keeps it: resumed after a cut, then checked.

Not with pooch or the clients of the indexes: none of them resumes, bounds what comes, or can be stopped.
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
from studio.core.errors import NoRoom
from studio.core.progress import Progress
from studio.core.weights import download_urls
from studio.core.weights.download_urls import CONNECT_SECONDS, READ_SECONDS, Failed, Mirror
from studio.core.weights.index import Source

if TYPE_CHECKING:
    import requests

TRIES = 3  # in a row that bring nothing new
_CHUNK = 1 << 14  # a cut loses what came of one
_REPORT = 1 << 18


def fetch(source: Source, folder: Path, progress: Progress, title: str) -> Path:
    """Fetches a source's file into `folder`. What a cut or a cancel leaves is continued from the next time.

    Args:
        source: an entry of the index.
        folder: where `FILE.part` grows.
        progress: told the bytes so far and of all.
        title: what is fetched, in a user's words.

    Returns:
        The path of the whole file; its digest is the pinned one.

    Raises:
        Failed: if no place has it; the text names each and why.
        NoRoom: if the disk is full.
        Cancelled: if a user asked to stop.
    """
    import requests

    part = folder / f"{source.file}.part"
    reasons = []
    progress.stage(f"Looking for {title}")
    for place in download_urls.offering(source):
        try:
            _get(place, part, source, _Told(progress, title))
            return part.replace(folder / source.file)
        except Failed as error:
            reasons.append(f"{place.label} {error}")
        except requests.RequestException as error:
            reasons.append(f"{place.label} {_why(error)}")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(
                    f"The disk of {folder} is full while fetching {title}. Free some space and try again."
                ) from None
            reasons.append(f"{place.label} fails ({error.strerror or error})")
        finally:
            place.session.close()
    raise Failed("; ".join(reasons) or "no index over HTTP is set for pip")


def matches(path: Path, source: Source) -> bool:
    """Whether the file has the size and the digest that its source pins."""
    if path.stat().st_size != source.bytes:
        return False
    algorithm, digest = source.checksum
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest() == digest


@dataclass(frozen=True)
class _Told:
    progress: Progress
    title: str

    def __call__(self, done: int, new: int, total: int) -> None:
        self.progress.check()
        if done // _REPORT == (done - new) // _REPORT and done != total:
            return
        self.progress.report(done, total, text=f"Fetching {self.title} ({amounts.size(total)})")


def _get(place: Mirror, part: Path, source: Source, tell: _Told) -> None:
    if not download_urls.reachable(place):
        raise Failed("cannot be reached")
    address = place.look()
    for _ in range(2):  # what was resumed and came out wrong gets one fresh start
        resumed = _download(place, address, part, source, tell)
        if matches(part, source):
            return
        part.unlink()
        if not resumed:
            break
    raise Failed("sent other bytes than the pinned ones")


def _download(place: Mirror, address: str, part: Path, source: Source, tell: _Told) -> bool:
    """Streams until all is here; a cut is resumed as long as each try brings something new.

    Returns:
        Whether the file was put together from more than one answer.
    """
    import requests

    barren = 0
    resumed = False
    while True:
        have = _size(part)
        resumed = resumed or have > 0
        reason = "breaks off"  # which a server that tells no length can do without an error
        try:
            if _stream(place, address, part, source.bytes, tell):
                return resumed
        except requests.RequestException as error:
            status = _status(error)
            if status is not None and status < 500:
                raise
            reason = _why(error)
        barren = 0 if _size(part) > have else barren + 1
        if barren >= TRIES:
            came = f" after {_size(part):,} of {source.bytes:,} bytes" if _size(part) else ""
            raise Failed(reason + came)
        if barren:
            time.sleep(0.5 * barren)
        tell.progress.check()


def _stream(place: Mirror, address: str, part: Path, expected: int, tell: _Told) -> bool:
    """One request. Returns whether the file is as long as it should be."""
    have = _size(part)
    if have >= expected:
        return True
    headers = {"Range": f"bytes={have}-"} if have else {}
    same_host = urlsplit(address).hostname == urlsplit(place.address).hostname
    with place.session.get(
        address,
        stream=True,
        headers=headers,
        timeout=(CONNECT_SECONDS, READ_SECONDS),
        auth=place.auth if same_host else None,
    ) as response:
        if response.status_code == 416:  # nothing after what we have: what we have is not the file
            part.unlink(missing_ok=True)
            return False
        response.raise_for_status()
        if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            have = 0  # this server sends all of it again
        length = response.headers.get("Content-Length", "")
        total = have + int(length) if length.isdigit() else expected
        if total != expected:
            kind = response.headers.get("Content-Type", "unknown kind").split(";")[0]
            raise Failed(f"offers {total:,} bytes ({kind}) instead of {expected:,}")
        return _append(response, part, have, total, tell)


def _append(response: requests.Response, part: Path, have: int, total: int, tell: _Told) -> bool:
    with part.open("ab" if have else "wb") as handle:
        for chunk in response.iter_content(_CHUNK):
            handle.write(chunk)
            have += len(chunk)
            if have > total:
                raise Failed(f"sends more than {total:,} bytes")
            tell(have, len(chunk), total)
    return have == total


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _status(error: Exception) -> int | None:
    """The number of the error that a server answered with, if it answered with one."""
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

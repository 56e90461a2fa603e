"""Fetches one file from a package index or from where Keras keeps it: resumed after a cut, then checked."""

from __future__ import annotations

import ast
import contextlib
import errno
import hashlib
import importlib.util
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studio.core import mirrors
from studio.core.errors import NoRoom
from studio.core.index import KerasFile, Packaged, Source
from studio.core.progress import Progress

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
TRIES = 3  # in a row that bring nothing new
_CHUNK = 1 << 18


class Failed(Exception):
    """One place did not give the file; the text says why. The next place is tried."""


@dataclass(frozen=True)
class Place:
    """Somewhere a file may be had.

    Attributes:
        label: its host, for messages (never the whole address, which may hold a password).
        address: what must be reachable first.
        session: the `requests` session to use.
        look: finds the file's own address; may raise `Failed`.
        auth: name and password for that host, or None.
    """

    label: str
    address: str
    session: requests.Session
    look: Callable[[], str]
    auth: tuple[str, str] | None = None


def fetch(source: Source, folder: Path, progress: Progress, title: str) -> Path:
    """Fetches a source's file into `folder`. What a cut or a cancel leaves is gone on from the next time.

    Args:
        source: an entry of the index.
        folder: where `FILE.part` grows.
        progress: told the bytes so far and of all.
        title: what is fetched, in a person's words.

    Returns:
        The path of the whole file; its digest is the pinned one.

    Raises:
        Failed: if no place has it; the text names each and why.
        NoRoom: if the disk is full.
        Cancelled: if a person asked to stop.
    """
    import requests

    part = folder / f"{source.file}.part"
    reasons = []
    for place in _PLACES[source.kind](source):
        try:
            if not _reachable(place):
                raise Failed("cannot be reached")
            address = place.look()
            for _ in range(2):  # what was resumed and came out wrong gets one fresh start
                resumed = _size(part) > 0
                _download(place, address, part, source, _Told(progress, title))
                if matches(part, source):
                    return part.replace(folder / source.file)
                part.unlink()
                if not resumed:
                    break
            raise Failed("sent other bytes than the pinned ones")
        except Failed as error:
            reasons.append(f"{place.label} {error}")
        except requests.RequestException as error:
            reasons.append(f"{place.label} {_why(error)}")
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise NoRoom(
                    f"The disk of {folder} is full while fetching {title}. "
                    "Next: free some space and try again."
                ) from None
            reasons.append(f"{place.label} fails ({error.strerror or error})")
    raise Failed("; ".join(reasons) or "no index over HTTP is set for pip")


def matches(path: Path, source: Source) -> bool:
    """Whether the file has the size and the digest that its source pins."""
    if source.bytes and path.stat().st_size != source.bytes:
        return False
    algorithm, digest = source.checksum
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, algorithm).hexdigest() == digest


def _from_index(source: Packaged) -> Iterator[Place]:
    from pypi_simple import PyPISimple
    from requests.utils import get_auth_from_url

    settings = mirrors.pip()
    for index in settings.indexes:
        host = urlsplit(index).hostname or ""
        session = mirrors.session(settings, host)
        client = PyPISimple(index, session=session)
        user, password = get_auth_from_url(index)
        auth = (user, password) if user else None
        yield Place(host, index, session, lambda c=client: _listed(c, source), auth)


def _listed(client: Any, source: Packaged) -> str:
    from pypi_simple import NoSuchProjectError, UnsupportedContentTypeError

    try:
        page = client.get_project_page(source.package, timeout=(CONNECT_SECONDS, READ_SECONDS))
    except (NoSuchProjectError, UnsupportedContentTypeError):
        raise Failed(f"does not carry {source.package}") from None
    for package in page.packages:
        if package.filename == source.file:
            return package.url
    raise Failed(f"does not carry {source.file}")


def _from_keras(source: KerasFile) -> Iterator[Place]:
    address = _keras_address(source)
    host = urlsplit(address).hostname or "Keras"
    yield Place(host, address, mirrors.session(mirrors.pip(), host), lambda: address)


def _keras_address(source: KerasFile) -> str:
    """Reads the address out of Keras' source text: importing Keras takes seconds, an answer should not."""
    keras = importlib.util.find_spec("keras")
    root = Path(keras.origin).parent if keras and keras.origin else Path()
    module = root / "src" / "applications" / f"{source.application}.py"
    for node in ast.parse(module.read_text("utf-8")).body if module.is_file() else ():
        if isinstance(node, ast.Assign) and source.address in [getattr(t, "id", "") for t in node.targets]:
            return str(ast.literal_eval(node.value))
    raise Failed("this version of Keras does not say where its file is")


_PLACES: dict[str, Callable[[Any], Iterator[Place]]] = {"pypi": _from_index, "keras": _from_keras}


def _reachable(place: Place) -> bool:
    """Whether the host, or the proxy before it, takes a connection soon.

    Asked in a thread, because looking up a name has no time limit and a host may have many addresses.
    """
    from requests.utils import select_proxy

    proxies = place.session.merge_environment_settings(place.address, {}, False, None, None)["proxies"]
    proxy = select_proxy(place.address, proxies)
    target = urlsplit(place.address if not proxy else proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = target.port or {"http": 80, "https": 443}.get(target.scheme, 1080)
    except ValueError:
        raise Failed("has an address that cannot be right") from None
    answered = threading.Event()

    def knock() -> None:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((target.hostname, port), timeout=CONNECT_SECONDS),
        ):
            answered.set()

    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return answered.is_set()


@dataclass(frozen=True)
class _Told:
    progress: Progress
    title: str

    def __call__(self, done: int, total: int) -> None:
        size = f" ({total / 1e6:.0f} MB)" if total else ""
        self.progress.report(done, total, text=f"Fetching {self.title}{size}")


def _download(place: Place, address: str, part: Path, source: Source, tell: _Told) -> None:
    """Streams until all is here; a cut is resumed as long as each try brings something new."""
    import requests

    barren = 0
    while True:
        have = _size(part)
        try:
            if _stream(place, address, part, source.bytes, tell):
                return
            reason: Exception = Failed("sends too little")
        except requests.RequestException as error:
            if isinstance(error, requests.HTTPError):
                raise
            reason = error
        barren = 0 if _size(part) > have else barren + 1
        if barren >= TRIES:
            raise reason
        if barren:
            time.sleep(0.5 * barren)
        tell.progress.check()


def _stream(place: Place, address: str, part: Path, expected: int, tell: _Told) -> bool:
    """One request. Returns whether the file is as long as it should be."""
    have = _size(part)
    if expected and have >= expected:
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
        if expected and total != expected:
            kind = response.headers.get("Content-Type", "unknown kind").split(";")[0]
            raise Failed(f"offers {total:,} bytes ({kind}) instead of {expected:,}")
        return _append(response, part, have, total, tell)


def _append(response: requests.Response, part: Path, have: int, total: int, tell: _Told) -> bool:
    with part.open("ab" if have else "wb") as handle:
        for chunk in response.iter_content(_CHUNK):
            handle.write(chunk)
            have += len(chunk)
            if total and have > total:
                raise Failed(f"sends more than {total:,} bytes")
            tell(have, total)
    return have == total or not total


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _why(error: Exception) -> str:
    import requests

    if isinstance(error, requests.exceptions.SSLError):
        return "shows a certificate that is not trusted (set pip's `cert` to your network's)"
    if isinstance(error, requests.HTTPError):
        return f"answers with error {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "does not answer"
    return "breaks off"

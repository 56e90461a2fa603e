"""Where things live on disk: STUDIO_HOME, atomic writes, files by digest, locks between processes.

What is in STUDIO_HOME is for its owner alone: folders 0700, files 0600. What a user asks for elsewhere is
as private as whatever else that person writes.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import os
import re
import socket
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from studio.core import permissions
from studio.core.errors import InvalidInput, NoRoom, Unavailable
from studio.core.permissions import home as home
from studio.core.permissions import make as make

DIGEST = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".tmp-"
_STALE_SECONDS = 86400  # of what another machine was writing, whose processes cannot be asked for
_MOST_END = 120  # bytes of 255 that a name may have


def expand_user(text: str) -> Path:
    """The path that a user names, a `~` before it taken for a home; of nobody's it is part of a name."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; no if its name is one that no file can have."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def folder(name: str) -> Path:
    """A folder of STUDIO_HOME ("files", "weights", "jobs", "presets", "cache", "logs"), made when missing."""
    return make(home() / name)


def shipped(name: str) -> Path:
    """What comes with the studio ("pretrained", "pages"): in the checkout, or inside an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / name
    return checkout if checkout.exists() else package / "_shipped" / name


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path next to `path`; what is written there takes its place at once, or not at all.

    Raises:
        NoRoom: if the disk is full. The old file, if any, is intact.
    """
    make(path.parent)
    temporary = path.with_name(f"{_of_this_machine()}{os.getpid()}-{uuid.uuid4().hex[:8]}-{_end(path.name)}")
    try:
        with saving(path):
            yield temporary
            if permissions.is_private(path):
                permissions.narrow(temporary, permissions.FILE)
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def saving(path: Path) -> Iterator[None]:
    """While open, raises `NoRoom` where the disk on which `path` is to be saved is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise NoRoom(
            f"The disk of {path.parent} is full, so {path.name} was not saved; nothing else changed. "
            "Free some space there, or set STUDIO_HOME to a larger disk, and try again."
        ) from None


@functools.cache
def _of_this_machine() -> str:
    """How the temporary files of this machine, or container, begin; a process number follows.

    Containers may bear one name and count their processes from 1 each.
    """
    known = [socket.gethostname()]
    with contextlib.suppress(OSError):
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    return f"{_TEMPORARY}{digest(' '.join(known).encode())[:12]}-"


def _end(name: str) -> str:
    """The last letters of a file's name; systems count its bytes, of which some letters have four."""
    return os.fsencode(name)[-_MOST_END:].decode(errors="ignore")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> Path:
    """Writes a whole file atomically and durably. Returns `path`."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return path


class TooLarge(Exception):
    """A file has more bytes than are taken."""


def read(path: Path, most: int) -> bytes:
    """The bytes of a file that a user named.

    Raises:
        TooLarge: if there are more than `most`; none, or hardly more than those, are read.
        OSError: if there is no such file, or it is a folder, or a device or pipe, which may never end.
        ValueError: if it is no path at all.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "a device or pipe", str(path))
        data = file.read(most + 1) if found.st_size <= most else None
    if data is None or len(data) > most:
        raise TooLarge
    return data


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # a pipe would wait for somebody to write


def sweep_temporaries(root: Path) -> int:
    """Removes what killed processes left half-written below `root`, as far as it can be. Returns how many.

    Of this machine at once, of others after a day.
    """
    removed = 0
    for place, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(OSError):  # what cannot be removed harms nobody
                if name.startswith(_TEMPORARY) and _is_left(Path(place, name)):
                    Path(place, name).unlink()
                    removed += 1
    return removed


def _is_left(temporary: Path) -> bool:
    """Whether nobody writes to a temporary file any more."""
    mine = _of_this_machine()
    if temporary.name.startswith(mine):
        pid = temporary.name.removeprefix(mine).split("-", 1)[0]
        return pid.isdigit() and not _alive(int(pid))
    return time.time() - temporary.lstat().st_mtime > _STALE_SECONDS


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def digest(data: bytes) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """SHA-256 of a file of any size, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def keep(data: bytes) -> str:
    """Keeps bytes once under their digest in STUDIO_HOME/files. Returns the digest."""
    name = digest(data)
    path = folder("files") / name
    with keeping():
        with contextlib.suppress(OSError):
            os.utime(path)  # in use again, so that nobody takes it for one that nothing needs
        there = path.exists()
    if not there:
        write(path, data)
    return name


def adopt(path: Path, name: str) -> None:
    """Keeps a whole file of STUDIO_HOME under its digest, `name`: it is moved. Raises OSError if it fails."""
    target = folder("files") / name
    with keeping():
        with contextlib.suppress(OSError):
            os.utime(target)
        if not target.exists():
            permissions.narrow(path, permissions.FILE)
            _sync(path)
            path.replace(target)
            _sync(target.parent)


def forget(name: str, written: int) -> bool:
    """Removes the kept file of a digest, unless it came into use again; whether it is gone.

    Args:
        written: when it was kept, in ns as a file's time has them.
    """
    path = folder("files") / name
    with keeping(), contextlib.suppress(OSError):
        if path.stat().st_mtime_ns == written:
            path.unlink()
    return not path.exists()


def keeping() -> contextlib.AbstractContextManager[None]:
    """Held while somebody looks whether a kept file stays: none comes into use meanwhile, and none goes."""
    return locked(folder("locks") / "files.lock")


def kept(name: str) -> Path:
    """The kept file of a digest.

    Raises:
        InvalidInput: if `name` is not a digest (so that no path can be smuggled in).
        Unavailable: if nothing is kept under it.
    """
    if not DIGEST.fullmatch(name):
        raise InvalidInput("A file's digest has 64 hexadecimal digits. Use one that the studio printed.")
    path = folder("files") / name
    if not path.exists():
        raise gone(name)
    return path


def gone(name: str) -> Unavailable:
    """The error for a digest under which nothing is kept."""
    return Unavailable(f"The file {name[:12]}… is no longer in the studio. Add the original file again.")


def is_kept(name: str) -> bool:
    """Whether a file is kept under a digest."""
    return bool(DIGEST.fullmatch(name)) and (folder("files") / name).exists()


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Holds the lock file `path` against all others; the system frees it when this process dies.

    Raises:
        BlockingIOError: if `wait` is false and another holds it, in this process or elsewhere.
    """
    from filelock import FileLock, Timeout

    make(path.parent)
    mode = permissions.FILE if permissions.is_private(path) else -1  # as any file of this person
    # Where the disk cannot lock, a file in its place would outlive a process that dies.
    lock = FileLock(path, mode=mode, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(blocking=wait)
    except Timeout:
        raise BlockingIOError(errno.EWOULDBLOCK, "it is held elsewhere", str(path)) from None
    try:
        yield
    finally:
        lock.release()

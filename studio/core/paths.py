"""Paths in STUDIO_HOME, atomic writes, files stored by SHA-256, and locks between processes.

STUDIO_HOME is private: folders 0700, files 0600. Files elsewhere get the user's default permissions.
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
from collections.abc import Callable, Iterator
from pathlib import Path

from studio.core import permissions
from studio.core.errors import InsufficientSpace, InvalidInput, Unavailable
from studio.core.permissions import ensure_home as ensure_home
from studio.core.permissions import make_folder as make_folder

DIGEST_PATTERN = re.compile(r"[0-9a-f]{64}")
_TEMPORARY_MARK = ".tmp-"
_STALE_SECONDS = 86400  # for temporary files of another machine, whose processes cannot be checked
_MAX_NAME_BYTES = 120  # of the 255 that a file name may have


def expand_user(text: str) -> Path:
    """Expands `~` in a path from the user; the `~NAME` of an unknown user stays part of the name."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def path_exists(path: Path) -> bool:
    """Returns whether a file or folder exists; False for an invalid name."""
    return os.path.exists(path)  # noqa: PTH110  # unlike `Path.exists`, it raises for no name


def ensure_folder(name: str) -> Path:
    """Creates a folder of STUDIO_HOME if missing, e.g. "files", "weights" or "cache". Returns its path."""
    return make_folder(ensure_home() / name)


def shipped_path(name: str) -> Path:
    """Returns a folder that ships with the studio, e.g. "pretrained": in the checkout or in the wheel."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / name
    return checkout if checkout.exists() else package / "_shipped" / name


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path next to `path`, and renames it to `path` atomically on success.

    Raises:
        InsufficientSpace: if the disk is full. An old file stays intact.
    """
    make_folder(path.parent)
    temporary = path.with_name(
        f"{_temporary_prefix()}{os.getpid()}-{uuid.uuid4().hex[:8]}-{_shorten_name(path.name)}"
    )
    try:
        with explain_full_disk(path):
            yield temporary
            if permissions.is_private(path):
                permissions.restrict_mode(temporary, permissions.FILE_MODE)
            _sync(temporary)
            temporary.replace(path)
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def explain_full_disk(path: Path) -> Iterator[None]:
    """Turns errors of a full disk while saving `path` into `InsufficientSpace`."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InsufficientSpace(
            f"The disk of {path.parent} is full, so {path.name} was not saved; nothing else changed. "
            "Free some space there, or set STUDIO_HOME to a larger disk, and try again."
        ) from None


@functools.cache
def _temporary_prefix() -> str:
    """Returns the prefix of temporary files of this machine or container; the process id follows.

    The host name is not enough, because containers may share it, and each counts processes from 1.
    """
    identifiers = [socket.gethostname()]
    with contextlib.suppress(OSError):
        identifiers.append(Path("/proc/sys/kernel/random/boot_id").read_text())
        identifiers.append(str(Path("/proc/self/ns/pid").readlink()))
    return f"{_TEMPORARY_MARK}{digest(' '.join(identifiers).encode())[:12]}-"


def _shorten_name(name: str) -> str:
    """Returns the end of a file name, at most _MAX_NAME_BYTES."""
    return os.fsencode(name)[-_MAX_NAME_BYTES:].decode(errors="ignore")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, data: bytes) -> Path:
    """Writes a file atomically and durably. Returns `path`."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)
    return path


class TooLarge(Exception):
    """A file is larger than allowed."""


def read(path: Path, max_bytes: int) -> bytes:
    """Reads a file that the user named.

    Args:
        path: of the file.
        max_bytes: maximum number of bytes.

    Raises:
        TooLarge: if it has more bytes; at most one more byte is read.
        OSError: if it does not exist, or is a folder, device or pipe.
        ValueError: if the path is invalid.
    """
    with open(path, "rb", opener=_open_nonblocking) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "a device or pipe", str(path))
        data = file.read(max_bytes + 1) if status.st_size <= max_bytes else None
    if data is None or len(data) > max_bytes:
        raise TooLarge
    return data


def _open_nonblocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)  # opening a pipe would wait for a writer


def sweep_temporaries(root: Path) -> int:
    """Removes temporary files of killed processes below `root`. Returns the number of files.

    Files of other machines are removed after a day.
    """
    removed = 0
    for parent, _, names in os.walk(root):
        for name in names:
            with contextlib.suppress(OSError):  # a file that cannot be removed does no harm
                if name.startswith(_TEMPORARY_MARK) and _is_abandoned(Path(parent, name)):
                    Path(parent, name).unlink()
                    removed += 1
    return removed


def _is_abandoned(temporary: Path) -> bool:
    """Returns whether the process that wrote a temporary file has ended."""
    prefix = _temporary_prefix()
    if temporary.name.startswith(prefix):
        pid = temporary.name.removeprefix(prefix).split("-", 1)[0]
        return pid.isdigit() and not _is_alive(int(pid))
    return time.time() - temporary.lstat().st_mtime > _STALE_SECONDS


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        pass
    return True


def digest(data: bytes) -> str:
    """Returns the SHA-256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def file_digest(path: Path) -> str:
    """Returns the SHA-256 of a file of any size, read in chunks."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def store(data: bytes) -> str:
    """Stores bytes under their SHA-256 in STUDIO_HOME/files, unless they are stored. Returns the SHA-256."""
    sha256 = digest(data)
    path = ensure_folder("files") / sha256
    with lock_store():
        with contextlib.suppress(OSError):
            os.utime(path)  # marks it as in use, so a concurrent cleanup keeps it
        exists = path.exists()
    if not exists:
        write(path, data)
    return sha256


def move_to_store(path: Path, sha256: str) -> None:
    """Moves a complete file of STUDIO_HOME into files, under its SHA-256. Raises `OSError` if it fails."""
    target = ensure_folder("files") / sha256
    with lock_store():
        with contextlib.suppress(OSError):
            os.utime(target)
        if not target.exists():
            permissions.restrict_mode(path, permissions.FILE_MODE)
            _sync(path)
            path.replace(target)
            _sync(target.parent)


def remove_stored(sha256: str, mtime_ns: int) -> bool:
    """Removes a stored file, unless it was used again since. Returns whether it is gone.

    Args:
        sha256: its SHA-256.
        mtime_ns: its modification time in ns when it was stored.
    """
    path = ensure_folder("files") / sha256
    with lock_store(), contextlib.suppress(OSError):
        if path.stat().st_mtime_ns == mtime_ns:
            path.unlink()
    return not path.exists()


def lock_store() -> contextlib.AbstractContextManager[None]:
    """Returns the lock on STUDIO_HOME/files: while it is held, no file is added or removed."""
    return locked(ensure_folder("locks") / "files.lock")


def stored_path(sha256: str) -> Path:
    """Returns the path of a stored file.

    Args:
        sha256: its SHA-256.

    Raises:
        InvalidInput: if `sha256` is not a SHA-256, e.g. a path.
        Unavailable: if there is no such file.
    """
    if not DIGEST_PATTERN.fullmatch(sha256):
        raise InvalidInput("A file's digest has 64 hexadecimal digits. Use one that the studio printed.")
    path = ensure_folder("files") / sha256
    if not path.exists():
        raise missing_error(sha256)
    return path


def missing_error(sha256: str) -> Unavailable:
    """Returns the error for a SHA-256 without a stored file."""
    return Unavailable(f"The file {sha256[:12]}… is no longer in the studio. Add the original file again.")


def is_stored(sha256: str) -> bool:
    """Returns whether a file with this SHA-256 is stored."""
    return bool(DIGEST_PATTERN.fullmatch(sha256)) and (ensure_folder("files") / sha256).exists()


@contextlib.contextmanager
def locked(path: Path, blocking: bool = True, on_wait: Callable[[], object] | None = None) -> Iterator[None]:
    """Holds an exclusive lock on the lock file `path`; the system frees it when this process dies.

    Args:
        path: the lock file.
        blocking: whether to wait until the lock is free.
        on_wait: called now and then during the wait; an error that it raises ends the wait.

    Raises:
        BlockingIOError: if `blocking` is false and the lock is held, in this process or elsewhere.
    """
    from filelock import FileLock, Timeout

    make_folder(path.parent)
    mode = permissions.FILE_MODE if permissions.is_private(path) else -1  # -1: the user's default mode
    # No fallback to a soft lock: it would outlive a process that dies.
    lock = FileLock(path, mode=mode, thread_local=False, fallback_to_soft=False)
    try:
        lock.acquire(blocking=blocking, cancel_check=on_wait and (lambda: bool(on_wait())))
    except Timeout:
        raise BlockingIOError(errno.EWOULDBLOCK, "it is held elsewhere", str(path)) from None
    try:
        yield
    finally:
        lock.release()

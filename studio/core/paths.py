"""Where things live on disk: STUDIO_HOME, atomic writes, files by digest, locks between processes."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import socket
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from studio.core.errors import InvalidInput, NoRoom, StudioError, Unavailable, invalid

FORMAT = 1
DIGEST = re.compile(r"[0-9a-f]{64}")
_TEMPORARY = ".tmp-"
_MOST_END = 120  # bytes of 255 that a name may have; a machine's own may take 64


def home() -> Path:
    """The folder that holds all that a person makes: STUDIO_HOME, else the platform's data folder.

    Raises:
        StudioError: if it was made by a newer studio, cannot be written, or is the home of nobody here.
    """
    import platformdirs

    chosen = os.environ.get("STUDIO_HOME")
    root = _expanded(chosen) if chosen else platformdirs.user_data_path("creative-ai-studio")
    root = root.absolute()
    mark = root / "format"
    try:
        if not mark.exists():
            write(mark, f"{FORMAT}\n".encode())
        found = int(mark.read_text().strip() or 0)
    except ValueError:
        raise StudioError(f"{mark} is damaged. Next: write the single line {FORMAT} into it.") from None
    except OSError as error:
        raise StudioError(
            f"The studio cannot write to its folder {root} ({error.strerror}). "
            "Next: give yourself the right to write there, or set STUDIO_HOME to another folder."
        ) from None
    if found > FORMAT:
        raise StudioError(
            f"{root} was made by a newer studio (format {found}, this one reads {FORMAT}). "
            "Next: update the studio, or set STUDIO_HOME to another folder."
        )
    return root


def named(text: str) -> Path:
    """The path that a person names, a `~` before it taken for a home; of nobody's it is part of a name."""
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


def _expanded(chosen: str) -> Path:
    try:
        return Path(chosen).expanduser()
    except RuntimeError:  # `~NAME` of nobody here
        raise invalid(
            "STUDIO_HOME", expected="a folder", received=chosen, next_step="name it by its whole path"
        ) from None


def folder(name: str) -> Path:
    """A folder of STUDIO_HOME ("files", "weights", "jobs", "presets", "cache", "logs"), made when missing."""
    path = home() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def shipped(name: str) -> Path:
    """What comes with the studio ("pretrained", "pages"): in the checkout, or inside an installed wheel."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / name
    return checkout if checkout.exists() else package / "_shipped" / name


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; what is written there takes its place at once, or not at all.

    Raises:
        NoRoom: if the disk is full. The old file, if any, is intact.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{_of_this_machine()}{os.getpid()}-{uuid.uuid4().hex[:8]}-{_end(path.name)}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoRoom(
                f"The disk of {path.parent} is full, so {path.name} was not saved; nothing else changed. "
                "Next: free some space there, or set STUDIO_HOME to a larger disk, and try again."
            ) from None
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _of_this_machine() -> str:
    """How the temporary files of this machine begin; a process number follows."""
    return f"{_TEMPORARY}{re.sub(r'[^A-Za-z0-9.]', '_', socket.gethostname())}-"


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
    """The bytes of a file that a person named.

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
    """Removes what killed processes of this machine left half-written below `root`. Returns how many."""
    mine, removed = _of_this_machine(), 0
    for path in root.rglob(f"{mine}*"):
        pid = path.name.removeprefix(mine).split("-", 1)[0]
        if pid.isdigit() and not _alive(int(pid)):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


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
    with contextlib.suppress(OSError):
        os.utime(path)  # in use again, so that nobody takes it for one that nothing needs
    if not path.exists():  # asked last, for one that nothing names may just have gone
        write(path, data)
    return name


def kept(name: str) -> Path:
    """The kept file of a digest.

    Raises:
        InvalidInput: if `name` is not a digest (so that no path can be smuggled in).
        Unavailable: if nothing is kept under it.
    """
    if not DIGEST.fullmatch(name):
        raise InvalidInput(
            "A file's digest has 64 hexadecimal digits. Next: use one that the studio printed."
        )
    path = folder("files") / name
    if not path.exists():
        raise gone(name)
    return path


def gone(name: str) -> Unavailable:
    """The error for a digest under which nothing is kept."""
    return Unavailable(
        f"The file {name[:12]}… is no longer in the studio. Next: add the original file again."
    )


def is_kept(name: str) -> bool:
    """Whether a file is kept under a digest."""
    return bool(DIGEST.fullmatch(name)) and (folder("files") / name).exists()


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[None]:
    """Holds the lock file `path` against other processes; the system frees it when this one dies.

    Raises:
        BlockingIOError: if `wait` is false and another process holds it.
    """
    import fcntl

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield

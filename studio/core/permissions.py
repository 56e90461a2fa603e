"""STUDIO_HOME, the folder of all user data, and its private permissions: folders 0700, files 0600."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from studio.core.errors import StudioError, invalid

FORMAT = 1
FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
# Names that the studio creates in its home.
_STUDIO_NAMES = {
    *("budget", "cache", "channels", "datasets", "files", "format", "jobs", "lock", "locks", "logs"),
    *("lost+found", "owners", "presets", "removed", "runs", "searches", "tokens", "weights"),
}


def home() -> Path:
    """Returns the folder of all user data: STUDIO_HOME, else the platform's data folder.

    Raises:
        StudioError: if a newer studio created it, it cannot be written, or its `~NAME` is unknown.
    """
    root = _root()
    mark = root / "format"
    try:
        if _is_odd(mark):
            raise StudioError(f"{mark} is no file. Remove it, and start the studio again.")
        if not mark.exists():
            make(root)
            mark.touch(FILE)
            mark.write_text(f"{FORMAT}\n")
            _shut(root)
        elif mark.stat().st_mode & _OTHERS:
            _make_private(root, mark)
        version = int(mark.read_text().strip() or 0)
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except ValueError:
        raise StudioError(f"{mark} is damaged. Write the single line {FORMAT} into it.") from None
    except OSError as error:
        raise StudioError(
            f"The studio cannot write to its folder {root} ({error.strerror}). "
            "Give yourself the right to write there, or set STUDIO_HOME to another folder."
        ) from None
    if version > FORMAT:
        raise StudioError(
            f"{root} was made by a newer studio (format {version}, this one reads {FORMAT}). "
            "Update the studio, or set STUDIO_HOME to another folder."
        )
    return root


def _is_odd(mark: Path) -> bool:
    """Returns whether it exists but is not a file, e.g. a pipe, which would block a reader forever."""
    return mark.exists() and not mark.is_file()


def _root() -> Path:
    import platformdirs

    setting = os.environ.get("STUDIO_HOME")
    return (_expanded(setting) if setting else platformdirs.user_data_path("creative-ai-studio")).absolute()


def _make_private(root: Path, mark: Path) -> None:
    """Removes others' permissions from an open home, e.g. a copied one; files of others are unchanged."""
    narrow(mark, FILE)
    if mark.stat().st_mode & _OTHERS:
        return  # another user owns it, or its disk has no modes
    _shut(root)
    for own in (root / name for name in _STUDIO_NAMES):
        if own.is_symlink():
            continue  # a link to another disk, which may be shared
        narrow(own, FILE if own.is_file() else FOLDER)
        for parent, _, files in os.walk(own):
            narrow(Path(parent), FOLDER)
            for file in files:
                narrow(Path(parent, file), FILE)


def _shut(root: Path) -> None:
    """Makes STUDIO_HOME private, unless the folder also contains other files."""
    if all(path.name in _STUDIO_NAMES for path in root.iterdir()):
        narrow(root, FOLDER)


def narrow(path: Path, mode: int) -> None:
    """Sets a private mode if others have permissions. Skips links and files with several names."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        elsewhere = stat.S_ISLNK(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1)
        if status.st_mode & _OTHERS and not elsewhere:
            path.chmod(mode)


def make(folder: Path) -> Path:
    """Creates a folder and its parents if missing. Returns it."""
    if not is_private(folder):
        folder.mkdir(parents=True, exist_ok=True)
    elif not folder.is_dir():
        if folder != _root():
            make(folder.parent)
        folder.mkdir(FOLDER, parents=True, exist_ok=True)
    return folder


def is_private(path: Path) -> bool:
    """Returns whether a path is in STUDIO_HOME."""
    return path.is_relative_to(_root())


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~NAME` of an unknown user
        raise invalid(
            "STUDIO_HOME", expected="a folder", received=text, next_step="name it by its whole path"
        ) from None

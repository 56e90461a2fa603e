"""STUDIO_HOME, which holds all that a user makes: for its owner alone, folders 0700 and files 0600."""

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
# What the studio makes in its home.
_OURS = {
    *("budget", "cache", "channels", "datasets", "files", "format", "jobs", "lock", "locks", "logs"),
    *("lost+found", "owners", "presets", "removed", "runs", "searches", "tokens", "weights"),
}


def home() -> Path:
    """The folder that holds all that a user makes: STUDIO_HOME, else the platform's data folder.

    Raises:
        StudioError: if it was made by a newer studio, cannot be written, or is the home of nobody here.
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
            _mend(root, mark)
        found = int(mark.read_text().strip() or 0)
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except ValueError:
        raise StudioError(f"{mark} is damaged. Write the single line {FORMAT} into it.") from None
    except OSError as error:
        raise StudioError(
            f"The studio cannot write to its folder {root} ({error.strerror}). "
            "Give yourself the right to write there, or set STUDIO_HOME to another folder."
        ) from None
    if found > FORMAT:
        raise StudioError(
            f"{root} was made by a newer studio (format {found}, this one reads {FORMAT}). "
            "Update the studio, or set STUDIO_HOME to another folder."
        )
    return root


def _is_odd(mark: Path) -> bool:
    """Whether it is something else than a file, such as a pipe, of which a reader would wait for ever."""
    return mark.exists() and not mark.is_file()


def _root() -> Path:
    import platformdirs

    chosen = os.environ.get("STUDIO_HOME")
    return (_expanded(chosen) if chosen else platformdirs.user_data_path("creative-ai-studio")).absolute()


def _mend(root: Path, mark: Path) -> None:
    """Shuts others out of a home that is open to them, as a copy can be; what belongs to others stays."""
    narrow(mark, FILE)
    if mark.stat().st_mode & _OTHERS:
        return  # it is not ours, or its disk knows no modes
    _shut(root)
    for own in (root / name for name in _OURS):
        if own.is_symlink():
            continue  # a disk elsewhere, perhaps shared
        narrow(own, FILE if own.is_file() else FOLDER)
        for place, _, files in os.walk(own):
            narrow(Path(place), FOLDER)
            for file in files:
                narrow(Path(place, file), FILE)


def _shut(root: Path) -> None:
    """Lets nobody else into STUDIO_HOME, unless there is more in that folder than the studio's."""
    if all(path.name in _OURS for path in root.iterdir()):
        narrow(root, FOLDER)


def narrow(path: Path, mode: int) -> None:
    """Takes others' rights to a file or folder away, if it is here and nowhere else, and can be done."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        elsewhere = stat.S_ISLNK(found.st_mode) or (stat.S_ISREG(found.st_mode) and found.st_nlink > 1)
        if found.st_mode & _OTHERS and not elsewhere:
            path.chmod(mode)


def make(folder: Path) -> Path:
    """Makes a folder, and those above it, where missing. Returns it."""
    if not is_private(folder):
        folder.mkdir(parents=True, exist_ok=True)
    elif not folder.is_dir():
        if folder != _root():
            make(folder.parent)
        folder.mkdir(FOLDER, parents=True, exist_ok=True)
    return folder


def is_private(path: Path) -> bool:
    """Whether a path lies in STUDIO_HOME."""
    return path.is_relative_to(_root())


def _expanded(chosen: str) -> Path:
    try:
        return Path(chosen).expanduser()
    except RuntimeError:  # `~NAME` of nobody here
        raise invalid(
            "STUDIO_HOME", expected="a folder", received=chosen, next_step="name it by its whole path"
        ) from None

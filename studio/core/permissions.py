"""STUDIO_HOME, the folder of all user data, and its private permissions: folders 0700, files 0600."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from studio.core.errors import StudioError, invalid

HOME_FORMAT = 1
FOLDER_MODE, FILE_MODE = 0o700, 0o600
_OTHERS_MODE = 0o077
# Names that the studio creates in its home.
_STUDIO_NAMES = {
    *("budget", "cache", "channels", "datasets", "files", "format", "jobs", "lock", "locks", "logs"),
    *("lost+found", "owners", "presets", "removed", "runs", "searches", "tokens", "weights"),
}


def ensure_home() -> Path:
    """Returns the folder of all user data: STUDIO_HOME, else the platform's data folder.

    Raises:
        StudioError: if a newer studio created it, it cannot be written, or its `~NAME` is unknown.
    """
    root = _home_path()
    format_file = root / "format"
    try:
        if format_file.exists() and not format_file.is_file():  # reading a pipe would block forever
            raise StudioError(f"{format_file} is no file. Remove it, and start the studio again.")
        if not format_file.exists():
            make_folder(root)
            format_file.touch(FILE_MODE)
            format_file.write_text(f"{HOME_FORMAT}\n")
            _restrict_root(root)
        elif format_file.stat().st_mode & _OTHERS_MODE:
            _restrict_home(root, format_file)
        version = int(format_file.read_text().strip() or 0)
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except ValueError:
        raise StudioError(f"{format_file} is damaged. Write the single line {HOME_FORMAT} into it.") from None
    except OSError as error:
        raise StudioError(
            f"The studio cannot write to its folder {root} ({error.strerror}). "
            "Give yourself the right to write there, or set STUDIO_HOME to another folder."
        ) from None
    if version > HOME_FORMAT:
        raise StudioError(
            f"{root} was made by a newer studio (format {version}, this one reads {HOME_FORMAT}). "
            "Update the studio, or set STUDIO_HOME to another folder."
        )
    return root


def _home_path() -> Path:
    import platformdirs

    setting = os.environ.get("STUDIO_HOME")
    return (
        _expand_user(setting) if setting else platformdirs.user_data_path("creative-ai-studio")
    ).absolute()


def _restrict_home(root: Path, format_file: Path) -> None:
    """Removes others' permissions from an open home, e.g. a copied one; files of others are unchanged."""
    restrict_mode(format_file, FILE_MODE)
    if format_file.stat().st_mode & _OTHERS_MODE:
        return  # another user owns it, or its disk has no modes
    _restrict_root(root)
    for path in (root / name for name in _STUDIO_NAMES):
        if path.is_symlink():
            continue  # a link to another disk, which may be shared
        restrict_mode(path, FILE_MODE if path.is_file() else FOLDER_MODE)
        for parent, _, files in os.walk(path):
            restrict_mode(Path(parent), FOLDER_MODE)
            for file in files:
                restrict_mode(Path(parent, file), FILE_MODE)


def _restrict_root(root: Path) -> None:
    """Sets the private mode of STUDIO_HOME itself, unless it also contains files of other programs."""
    if all(path.name in _STUDIO_NAMES for path in root.iterdir()):
        restrict_mode(root, FOLDER_MODE)


def restrict_mode(path: Path, mode: int) -> None:
    """Sets `mode` if other users have permissions. Skips links and files with several names."""
    with contextlib.suppress(OSError):
        status = path.lstat()
        is_shared = stat.S_ISLNK(status.st_mode) or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1)
        if status.st_mode & _OTHERS_MODE and not is_shared:
            path.chmod(mode)


def make_folder(folder: Path) -> Path:
    """Creates a folder and its parents if missing. Returns it."""
    if not is_private(folder):
        folder.mkdir(parents=True, exist_ok=True)
    elif not folder.is_dir():
        if folder != _home_path():
            make_folder(folder.parent)
        folder.mkdir(FOLDER_MODE, parents=True, exist_ok=True)
    return folder


def is_private(path: Path) -> bool:
    """Returns whether a path is in STUDIO_HOME."""
    return path.is_relative_to(_home_path())


def _expand_user(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~NAME` of an unknown user
        raise invalid(
            "STUDIO_HOME", expected="a folder", received=text, next_step="name it by its whole path"
        ) from None

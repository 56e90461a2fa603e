"""Disk usage of STUDIO_HOME, its limit, and what can be removed, which only a user does."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Collection
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core import paths
from studio.core.errors import invalid
from studio.core.models.shelves import REMOVED_FOLDER

Part = Literal[
    "removed", "unused", "cache", "channels", "runs", "searches", "items", "weights", "presets", "rest"
]
USUAL_BYTES = 20 * 10**9
LEAST_BYTES, MOST_BYTES = 10**8, 10**14
DAY = 86_400.0
HOUR = 3_600.0
# Minimum age in seconds of files that are removed, because younger ones may be in use.
_LEAST_AGES: dict[Part, float] = {"unused": DAY, "cache": HOUR, "runs": DAY, "searches": DAY}
_LOCKS = (".lock", ".dirlock")  # Dask uses the latter
_NAMED = re.compile(rb"[0-9a-f]{64}")
_NAMELESS = ("files", "weights", "logs")  # a SHA-256 inside these does not mean that a file is needed
_MOST_READ = 64_000_000  # bytes; larger files are images and weights
_TITLES: dict[Part, tuple[str, str]] = {
    "removed": ("Removed items and models", "Removed items can then no longer be restored"),
    "unused": ("Unused files", "Uploads and results of deleted items"),
    "cache": ("Cache", "Recreated when needed, which takes a little time"),
    "channels": ("Feature visualizations", "The dream page renders them again when needed"),
    "runs": ("Checkpoints of unfinished training runs", "These training runs then start over"),
    "searches": (
        "Trials of hyperparameter searches",
        "These searches then start over; the models of their trials can be removed afterwards",
    ),
    "items": ("The gallery and its files", "Remove items in the gallery"),
    "weights": ("Pretrained weights", "`studio weights` downloads them again"),
    "presets": ("Your models", ""),
    "rest": ("Logs and the rest", ""),
}
FREE: tuple[Part, ...] = ("removed", "unused", "cache", "channels", "runs", "searches")


@dataclass(frozen=True)
class Share:
    """One part of STUDIO_HOME.

    Attributes:
        name: its name, which `free` takes.
        title, note: what it is, and the consequence of removing it, for users.
        bytes, count: total size and number of files.
        can_go: whether `free` can remove it.
    """

    name: Part
    title: str
    note: str
    bytes: int
    count: int
    can_go: bool


def limit() -> int:
    """Returns how many bytes STUDIO_HOME may use before the pages ask the user what to remove."""
    try:
        return min(max(int((paths.home() / "budget").read_text()), LEAST_BYTES), MOST_BYTES)
    except (OSError, ValueError):
        return USUAL_BYTES


def set_limit(count: int) -> None:
    """Changes the limit. Raises `InvalidInput` if it is out of range."""
    if not LEAST_BYTES <= count <= MOST_BYTES:
        expected = f"{LEAST_BYTES:,} to {MOST_BYTES:,} bytes"
        raise invalid("budget", expected=expected, received=count)
    paths.write(paths.home() / "budget", f"{count}\n".encode())


def measure_usage() -> int:
    """Returns how many bytes STUDIO_HOME uses; faster than `shares`."""
    return _size(_files(paths.home()))[0]


def shares() -> list[Share]:
    """Returns the parts of STUDIO_HOME, removable ones first. Reads every file, which takes a moment."""
    sizes = {name: _size(files) for name, files in _parts().items()}
    return [Share(name, *_TITLES[name], *sizes[name], name in FREE) for name in _TITLES]


def free(names: Collection[Part]) -> int:
    """Removes these parts, except files that are in use. Returns how many bytes that freed.

    Raises:
        InvalidInput: if a part cannot be removed.
    """
    if others := set(names) - set(FREE):
        expected, step = f"of {', '.join(FREE)}", "choose among these"
        raise invalid("part", expected=expected, received=min(others), next_step=step)
    freed = 0
    parts = _parts()
    for name in names:
        freed += sum(_delete(path, name) for path in parts[name])
        for folder in _bins(paths.home()) if name == "removed" else [paths.home() / name]:
            _tidy(folder)
    return freed


def free_unused(seconds: float) -> int:
    """Removes unused files that were last stored more than `seconds` ago, or a day if that is longer."""
    unused = [path for path in _unused_files(paths.home()) if not _is_young(path, "unused", seconds)]
    return sum(_delete(path, "unused", seconds) for path in unused)


def _delete(path: Path, part: Part, seconds: float = 0.0) -> int:
    """Deletes a file and returns how many bytes that freed; 0 if the file was stored again meanwhile."""
    with suppress(OSError), paths.keeping() if part == "unused" else nullcontext():
        if not _is_young(path, part, seconds):  # check again, because listing all files takes a while
            size = path.stat().st_size
            path.unlink()
            return size
    return 0


def _parts() -> dict[Part, list[Path]]:
    """Returns the files of each part; files too young to remove belong to the rest."""
    home = paths.home()
    unused_files = _unused_files(home)
    unused = set(unused_files)
    parts: dict[Part, list[Path]] = {
        "removed": [path for place in _bins(home) for path in _files(place)],
        "unused": unused_files,
        "cache": [path for path in _files(home / "cache") if not _is_young(path, "cache")],
        "channels": _files(home / "channels"),
        "runs": _old_runs(home / "runs"),
        "searches": [
            path
            for path in _files(home / "searches")
            if path.suffix != ".json" and not _is_young(path, "searches")  # JSON files are the user's choices
        ],
        "items": [path for place in ("jobs", "files") for path in _files(home / place) if path not in unused],
        "weights": _files(home / "weights"),
        "presets": [path for path in _files(home / "presets") if REMOVED_FOLDER not in path.parts],
    }
    listed = {path for files in parts.values() for path in files}
    return parts | {"rest": [path for path in _files(home) if path not in listed]}


def _bins(home: Path) -> list[Path]:
    """Returns the folders of removed items and of removed models of all owners."""
    return [
        home / "removed",
        home / "presets" / REMOVED_FOLDER,
        *home.glob(f"owners/*/presets/{REMOVED_FOLDER}"),
    ]


def _unused_files(home: Path) -> list[Path]:
    """Returns stored files older than a day that no job, item, model or search refers to."""
    digests: set[bytes] = set()
    for path in _files(home):
        if path.relative_to(home).parts[0] not in _NAMELESS and not path.name.startswith("gallery-"):
            digests |= _digests_in(path)
    files = _files(home / "files")
    return [path for path in files if os.fsencode(path.name) not in digests and not _is_young(path, "unused")]


def _digests_in(path: Path) -> set[bytes]:
    try:
        return set(_NAMED.findall(paths.read(path, _MOST_READ)))
    except (OSError, paths.TooLarge):
        return set()


def _old_runs(root: Path) -> list[Path]:
    """Returns checkpoints of training runs that did not change for a day."""
    runs = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    files = (_files(run) for run in runs)
    return [path for group in files if not any(_is_young(path, "runs") for path in group) for path in group]


def _files(root: Path) -> list[Path]:
    """Returns all files below a folder except those being written and locks.

    A held lock must stay, because the next process would create another one; a free lock is empty.
    """
    files = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return [path for path in files if not path.name.startswith(".tmp-") and path.suffix not in _LOCKS]


def _is_young(path: Path, part: Part, seconds: float = 0.0) -> bool:
    """Returns whether a file of a part may be in use; True for a file that no longer exists."""
    least = max(_LEAST_AGES.get(part, 0.0), seconds)
    try:
        return least > 0 and time.time() - path.stat().st_mtime <= least
    except OSError:
        return True


def _size(files: Collection[Path]) -> tuple[int, int]:
    total = 0
    for path in files:
        with suppress(OSError):
            total += path.lstat().st_size
    return total, len(files)


def _tidy(root: Path) -> None:
    """Removes empty folders."""
    for folder in sorted(root.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()

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
DEFAULT_LIMIT_BYTES = 20 * 10**9
MIN_LIMIT_BYTES, MAX_LIMIT_BYTES = 10**8, 10**14
DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3_600.0
# Minimum age in seconds of files that are removed, because younger ones may be in use.
_MIN_AGES: dict[Part, float] = {
    "unused": DAY_SECONDS,
    "cache": HOUR_SECONDS,
    "runs": DAY_SECONDS,
    "searches": DAY_SECONDS,
}
_LOCKS = (".lock", ".dirlock")  # Dask uses the latter
_DIGEST = re.compile(rb"[0-9a-f]{64}")
# A SHA-256 in these folders does not mean that a file is needed.
_WITHOUT_REFERENCES = ("files", "weights", "logs")
_MAX_READ_BYTES = 64_000_000  # larger files are images and weights
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
REMOVABLE: tuple[Part, ...] = ("removed", "unused", "cache", "channels", "runs", "searches")


@dataclass(frozen=True)
class Share:
    """One part of STUDIO_HOME.

    Attributes:
        name: its name, which `free_parts` takes.
        title, note: what it is, and the consequence of removing it, for users.
        bytes, count: total size and number of files.
        is_removable: whether `free_parts` can remove it.
    """

    name: Part
    title: str
    note: str
    bytes: int
    count: int
    is_removable: bool


def read_limit() -> int:
    """Returns how many bytes STUDIO_HOME may use before the pages ask the user what to remove."""
    try:
        return min(max(int((paths.ensure_home() / "budget").read_text()), MIN_LIMIT_BYTES), MAX_LIMIT_BYTES)
    except (OSError, ValueError):
        return DEFAULT_LIMIT_BYTES


def set_limit(limit_bytes: int) -> None:
    """Changes the limit. Raises `InvalidInput` if it is out of range."""
    if not MIN_LIMIT_BYTES <= limit_bytes <= MAX_LIMIT_BYTES:
        expected = f"{MIN_LIMIT_BYTES:,} to {MAX_LIMIT_BYTES:,} bytes"
        raise invalid("budget", expected=expected, received=limit_bytes)
    paths.write(paths.ensure_home() / "budget", f"{limit_bytes}\n".encode())


def measure_usage() -> int:
    """Returns how many bytes STUDIO_HOME uses; faster than `measure_parts`."""
    return _measure_files(_list_files(paths.ensure_home()))[0]


def measure_parts() -> list[Share]:
    """Returns the parts of STUDIO_HOME, removable ones first. Reads every file, which takes a moment."""
    sizes = {name: _measure_files(files) for name, files in _list_parts().items()}
    return [Share(name, *_TITLES[name], *sizes[name], name in REMOVABLE) for name in _TITLES]


def free_parts(names: Collection[Part]) -> int:
    """Removes these parts, except files that are in use. Returns how many bytes that freed.

    Raises:
        InvalidInput: if a part cannot be removed.
    """
    if not_removable := set(names) - set(REMOVABLE):
        expected, step = f"of {', '.join(REMOVABLE)}", "choose among these"
        raise invalid("part", expected=expected, received=min(not_removable), next_step=step)
    freed_bytes, home, parts = 0, paths.ensure_home(), _list_parts()
    for name in names:
        freed_bytes += sum(_delete(path, name) for path in parts[name])
        for folder in _list_removed_folders(home) if name == "removed" else [home / name]:
            _remove_empty_folders(folder)
    return freed_bytes


def free_unused(min_age: float) -> int:
    """Removes unused files that were last stored more than `min_age` seconds ago, and more than a day.

    Returns:
        How many bytes that freed.
    """
    unused = [
        path for path in _list_unused_files(paths.ensure_home()) if not _is_young(path, "unused", min_age)
    ]
    return sum(_delete(path, "unused", min_age) for path in unused)


def _delete(path: Path, part: Part, min_age: float = 0.0) -> int:
    """Deletes a file and returns how many bytes that freed; 0 if the file was stored again meanwhile."""
    with suppress(OSError), paths.lock_store() if part == "unused" else nullcontext():
        if not _is_young(path, part, min_age):  # check again, because listing all files takes a while
            size = path.stat().st_size
            path.unlink()
            return size
    return 0


def _list_parts() -> dict[Part, list[Path]]:
    """Lists the files of each part. Young unreferenced files are in "items", other young ones in the rest."""
    home = paths.ensure_home()
    unused_files = _list_unused_files(home)
    unused_set = set(unused_files)
    parts: dict[Part, list[Path]] = {
        "removed": [path for place in _list_removed_folders(home) for path in _list_files(place)],
        "unused": unused_files,
        "cache": [path for path in _list_files(home / "cache") if not _is_young(path, "cache")],
        "channels": _list_files(home / "channels"),
        "runs": _list_old_runs(home / "runs"),
        "searches": [
            path
            for path in _list_files(home / "searches")
            if path.suffix != ".json" and not _is_young(path, "searches")  # JSON files are the user's choices
        ],
        "items": [
            path
            for place in ("jobs", "files")
            for path in _list_files(home / place)
            if path not in unused_set
        ],
        "weights": _list_files(home / "weights"),
        "presets": [path for path in _list_files(home / "presets") if REMOVED_FOLDER not in path.parts],
    }
    listed_files = {path for files in parts.values() for path in files}
    return parts | {"rest": [path for path in _list_files(home) if path not in listed_files]}


def _list_removed_folders(home: Path) -> list[Path]:
    """Returns the folders of removed items and of removed models of all owners."""
    return [
        home / "removed",
        home / "presets" / REMOVED_FOLDER,
        *home.glob(f"owners/*/presets/{REMOVED_FOLDER}"),
    ]


def _list_unused_files(home: Path) -> list[Path]:
    """Returns stored files older than a day that no job, item, model or search refers to."""
    digests: set[bytes] = set()
    for path in _list_files(home):
        is_index = path.name.startswith("gallery-")
        if path.relative_to(home).parts[0] not in _WITHOUT_REFERENCES and not is_index:
            digests |= _read_digests(path)
    files = _list_files(home / "files")
    return [path for path in files if os.fsencode(path.name) not in digests and not _is_young(path, "unused")]


def _read_digests(path: Path) -> set[bytes]:
    """Returns the digests that a file names; none if it is large or cannot be read."""
    try:
        return set(_DIGEST.findall(paths.read(path, _MAX_READ_BYTES)))
    except (OSError, paths.TooLarge):
        return set()


def _list_old_runs(root: Path) -> list[Path]:
    """Returns checkpoints of training runs that did not change for a day."""
    runs = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    run_files = (_list_files(run) for run in runs)
    return [
        path for group in run_files if not any(_is_young(path, "runs") for path in group) for path in group
    ]


def _list_files(root: Path) -> list[Path]:
    """Returns all files below a folder except those being written and locks.

    A held lock must stay, because the next process would create another one; a free lock is empty.
    """
    files = (Path(folder, name) for folder, _, names in os.walk(root) for name in names)
    return [path for path in files if not path.name.startswith(".tmp-") and path.suffix not in _LOCKS]


def _is_young(path: Path, part: Part, min_age: float = 0.0) -> bool:
    """Returns whether a file of a part may be in use; True for a file that no longer exists."""
    age_limit = max(_MIN_AGES.get(part, 0.0), min_age)
    try:
        return age_limit > 0 and time.time() - path.stat().st_mtime <= age_limit
    except OSError:
        return True


def _measure_files(files: Collection[Path]) -> tuple[int, int]:
    """Returns the total bytes and the number of files."""
    total = 0
    for path in files:
        with suppress(OSError):
            total += path.lstat().st_size
    return total, len(files)


def _remove_empty_folders(root: Path) -> None:
    """Removes all empty folders below a folder."""
    for folder in sorted(root.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            folder.rmdir()

"""How much room STUDIO_HOME takes and may take, and what can go. Nothing goes unless a user says so."""

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
from studio.core.models.shelves import BIN

Part = Literal[
    "removed", "unnamed", "cache", "channels", "runs", "searches", "items", "weights", "presets", "rest"
]
USUAL_BYTES = 20 * 10**9
LEAST_BYTES, MOST_BYTES = 10**8, 10**14
DAY = 86_400.0
HOUR = 3_600.0
# How long nobody has touched what goes; what is younger may be in use.
_LEAST_AGES: dict[Part, float] = {"unnamed": DAY, "cache": HOUR, "runs": DAY, "searches": DAY}
_LOCKS = (".lock", ".dirlock")  # Dask's are the latter
_NAMED = re.compile(rb"[0-9a-f]{64}")
_NAMELESS = ("files", "weights", "logs")  # what a digest in them says is not that a file is needed
_MOST_READ = 64_000_000  # bytes; what is larger are pixels and weights
_TITLES: dict[Part, tuple[str, str]] = {
    "removed": ("Removed items and models", "Removed items can then no longer be restored"),
    "unnamed": ("Unused files", "Uploads and results of deleted items"),
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
FREE: tuple[Part, ...] = ("removed", "unnamed", "cache", "channels", "runs", "searches")


@dataclass(frozen=True)
class Share:
    """One part of STUDIO_HOME.

    Attributes:
        name: what `free` takes.
        title, note: what it is, and what it means that it goes, for people.
        bytes, count: how large it is, and how many files it has.
        can_go: whether `free` removes it.
    """

    name: Part
    title: str
    note: str
    bytes: int
    count: int
    can_go: bool


def limit() -> int:
    """How many bytes STUDIO_HOME may take before a user is asked what to remove."""
    try:
        return min(max(int((paths.home() / "budget").read_text()), LEAST_BYTES), MOST_BYTES)
    except (OSError, ValueError):
        return USUAL_BYTES


def set_limit(count: int) -> None:
    """Changes the limit. Raises `InvalidInput` if it is none that makes sense."""
    if not LEAST_BYTES <= count <= MOST_BYTES:
        expected = f"{LEAST_BYTES:,} to {MOST_BYTES:,} bytes"
        raise invalid("budget", expected=expected, received=count)
    paths.write(paths.home() / "budget", f"{count}\n".encode())


def used() -> int:
    """How many bytes STUDIO_HOME takes; quicker to tell than the parts."""
    return _size(_files(paths.home()))[0]


def shares() -> list[Share]:
    """What takes the room, part by part; what can go first. Looks at every file, so it takes a moment."""
    told = {name: _size(found) for name, found in _parts().items()}
    return [Share(name, *_TITLES[name], *told[name], name in FREE) for name in _TITLES]


def free(names: Collection[Part]) -> int:
    """Removes these parts; the others, and what is in use, stay. Returns how many bytes that freed.

    Raises:
        InvalidInput: if a part is none that can go.
    """
    if others := set(names) - set(FREE):
        expected, step = f"of {', '.join(FREE)}", "choose among these"
        raise invalid("part", expected=expected, received=min(others), next_step=step)
    freed = 0
    found = _parts()
    for name in names:
        freed += sum(_freed(path, name) for path in found[name])
        for place in _bins(paths.home()) if name == "removed" else [paths.home() / name]:
            _tidy(place)
    return freed


def free_unnamed(seconds: float) -> int:
    """Removes files that nothing names any more and that nobody has put in for so long, at least a day."""
    found = [path for path in _unnamed(paths.home()) if not _is_young(path, "unnamed", seconds)]
    return sum(_freed(path, "unnamed", seconds) for path in found)


def _freed(path: Path, part: Part, seconds: float = 0.0) -> int:
    """How many bytes are free once a file is gone; none where it was put in again meanwhile."""
    with suppress(OSError), paths.keeping() if part == "unnamed" else nullcontext():
        if not _is_young(path, part, seconds):  # asked again, for finding them all takes a while
            size = path.stat().st_size
            path.unlink()
            return size
    return 0


def _parts() -> dict[Part, list[Path]]:
    """The files of each part; what is as young as to be in use is the rest's."""
    home = paths.home()
    unnamed = _unnamed(home)
    taken = set(unnamed)
    parts: dict[Part, list[Path]] = {
        "removed": [path for place in _bins(home) for path in _files(place)],
        "unnamed": unnamed,
        "cache": [path for path in _files(home / "cache") if not _is_young(path, "cache")],
        "channels": _files(home / "channels"),
        "runs": _old_runs(home / "runs"),
        "searches": [
            path
            for path in _files(home / "searches")
            if path.suffix != ".json" and not _is_young(path, "searches")  # those are a user's own picks
        ],
        "items": [path for place in ("jobs", "files") for path in _files(home / place) if path not in taken],
        "weights": _files(home / "weights"),
        "presets": [path for path in _files(home / "presets") if BIN not in path.parts],
    }
    known = {path for files in parts.values() for path in files}
    return parts | {"rest": [path for path in _files(home) if path not in known]}


def _bins(home: Path) -> list[Path]:
    """Where removed items and, on each shelf, removed models are."""
    return [home / "removed", home / "presets" / BIN, *home.glob(f"owners/*/presets/{BIN}")]


def _unnamed(home: Path) -> list[Path]:
    """Kept files that nothing else names, neither a job, item, model nor a study of a search, and that
    nobody has put in within a day."""
    named: set[bytes] = set()
    for path in _files(home):
        if path.relative_to(home).parts[0] not in _NAMELESS and not path.name.startswith("gallery-"):
            named |= _named_in(path)
    files = _files(home / "files")
    return [path for path in files if os.fsencode(path.name) not in named and not _is_young(path, "unnamed")]


def _named_in(path: Path) -> set[bytes]:
    try:
        return set(_NAMED.findall(paths.read(path, _MOST_READ)))
    except (OSError, paths.TooLarge):
        return set()


def _old_runs(root: Path) -> list[Path]:
    """Checkpoints of training runs that nobody continued with for a day."""
    runs = [path for path in root.iterdir() if path.is_dir()] if root.is_dir() else []
    files = (_files(run) for run in runs)
    return [path for found in files if not any(_is_young(path, "runs") for path in found) for path in found]


def _files(root: Path) -> list[Path]:
    """All files below a folder but those that are being written, and locks: held, they must stay, for who
    comes next would make another; not held, they are empty."""
    found = (Path(place, name) for place, _, names in os.walk(root) for name in names)
    return [path for path in found if not path.name.startswith(".tmp-") and path.suffix not in _LOCKS]


def _is_young(path: Path, part: Part, seconds: float = 0.0) -> bool:
    """Whether a file of a part may be in use; one that is gone is none that can go."""
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
    """Takes away folders that were left empty."""
    for place in sorted(root.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):
            place.rmdir()

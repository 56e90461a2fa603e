"""What the names of image files tell: which are junk, which class each is of, and UTKFace's ages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from studio.core import amounts
from studio.core.errors import printable

_JUNK = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".gitignore"}
_SPLITS = {"train", "training", "val", "valid", "validation", "test", "testing"}
_UTKFACE = re.compile(
    r"(\d{1,3})_([01])_\d+(?:_\d+)?(?:\.[A-Za-z.]+)?"
)  # age_gender_id, age_gender_race_date
_MOST_AGE = 120
_LEAST_SHARE = 0.9  # of the names, above which they are UTKFace's
_NAMED = 3


def first_few(names: Sequence[str]) -> str:
    """The first few of some names, for a sentence: "a.jpg, b.jpg and 5 more"."""
    shown = ", ".join(printable(name, 60) for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED:,} more" if len(names) > _NAMED else shown


def counted(count: int, noun: str, plural: str, rest: str = "") -> str:
    """How a sentence on some things begins: "1 file was", "3 files that are empty were"."""
    return f"{amounts.count(count, noun + rest, plural + rest)} {'was' if count == 1 else 'were'}"


def is_junk(name: str) -> bool:
    """Whether an operating system or a tool left the file there; a user does not know of it."""
    *folders, last = name.lower().split("/")
    return "__macosx" in folders or last in _JUNK or last.startswith("._")


def is_hidden(name: str) -> bool:
    """Whether the file or a folder above it has a name that begins with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


def classes_of(names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The class of each file: the folder that it lies in, below the folders that all of them share.

    Folders called train, val or test are no classes but parts of one data set.

    Args:
        names: paths with `/`.

    Returns:
        `(n,) int64` labels, -1 for a file next to those folders, such as a license; and the sorted classes,
        none and labels of -1 alone if there are not two.
    """
    folders = _class_folders(names)
    found = sorted({folder for folder in folders if folder})
    if len(found) < 2:
        return np.full(len(names), -1, "int64"), ()
    places = {name: n for n, name in enumerate(found)}
    return np.array([places.get(folder, -1) for folder in folders], "int64"), tuple(found)


def strays(names: Sequence[str]) -> list[str]:
    """The files that lie next to the folders of classes, in none of them; nothing if there are no classes."""
    labels, classes = classes_of(names)
    return [name for name, label in zip(names, labels, strict=True) if label < 0] if classes else []


def merged(names: Sequence[str]) -> list[str]:
    """The folders inside those of classes, sorted, whose files count for the class around them."""
    _, classes = classes_of(names)
    inside = {"/".join(path) for path in _below_classes(names) if len(path) > 1} if classes else set()
    return sorted(inside)


def splits(names: Sequence[str]) -> list[str]:
    """The folders called train, val or test into which a data set is divided, sorted; none if it is not."""
    return _splits(_folders(names))


def moved(names: Sequence[str], to: Mapping[str, str]) -> dict[str, str]:
    """Where files go that are to be of other classes: each keeps all but the folder of its class.

    Args:
        names: of all files of a data set.
        to: the classes of some of them; of files in no class nothing is told.
    """
    found = {}
    for name, below in zip(names, _below_classes(names), strict=True):
        if below and name in to:
            *folders, last = name.split("/")
            folders[-len(below)] = to[name]
            found[name] = "/".join([*folders, last])
    return found


def _class_folders(names: Sequence[str]) -> list[str]:
    """The folder that each file lies in below those that all share, "" for none."""
    return [path[0] if path else "" for path in _below_classes(names)]


def _below_classes(names: Sequence[str]) -> list[list[str]]:
    """The folders of each file from that of its class on."""
    folders = _folders(names)
    return _below_shared([path[1:] for path in folders]) if _splits(folders) else folders


def _splits(folders: list[list[str]]) -> list[str]:
    tops = {path[0] for path in folders if path}
    return sorted(tops) if all(top.lower() in _SPLITS for top in tops) else []


def _folders(names: Sequence[str]) -> list[list[str]]:
    """The folders that each file lies in below those that all share."""
    return _below_shared([name.split("/")[:-1] for name in names])


def _below_shared(folders: list[list[str]]) -> list[list[str]]:
    inside = [path for path in folders if path]
    first, last = min(inside, default=[]), max(inside, default=[])
    shared = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    shared = min(len(first), len(last)) if shared is None else shared
    return [path[shared:] for path in folders]


def ages_and_genders(names: Iterable[str]) -> dict[str, np.ndarray]:
    """UTKFace's labels, which are in the names: `{"age", "gender": (n,) float32}`; {} for other data sets.

    A gender of 1 is what the data set labels female, 0 male; NaN stands where a name tells nothing.
    """
    found = [_UTKFACE.fullmatch(name.rpartition("/")[2]) for name in names]
    pairs = [(int(match[1]), int(match[2])) if match else (np.nan, np.nan) for match in found]
    told = sum(match is not None for match in found)
    if not told or told < _LEAST_SHARE * len(found) or any(age > _MOST_AGE for age, _ in pairs):
        return {}
    ages, genders = np.array(pairs, "float32").T
    return {"age": ages, "gender": genders}

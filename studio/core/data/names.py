"""Reads the names of image files: junk files, classes, and the ages and genders of UTKFace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from studio.core import amounts
from studio.core.errors import make_printable

_JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini", ".gitkeep", ".gitignore"}
_SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
# age_gender_id or age_gender_race_date
_UTKFACE = re.compile(r"(\d{1,3})_([01])_\d+(?:_\d+)?(?:\.[A-Za-z.]+)?")
_MAX_AGE = 120
_MIN_SHARE = 0.9  # least share of names in UTKFace's form
_FIRST_COUNT = 3  # names in a sentence


def replace_surrogates(name: str) -> str:
    """Replaces surrogates, which stand for undecodable bytes of a file name, with question marks."""
    return name.encode("utf-8", "replace").decode()


def join_first_few(names: Sequence[str]) -> str:
    """Joins the first few names for a sentence: "a.jpg, b.jpg and 5 more"."""
    listing = ", ".join(make_printable(name, 60) for name in names[:_FIRST_COUNT])
    return f"{listing} and {len(names) - _FIRST_COUNT:,} more" if len(names) > _FIRST_COUNT else listing


def count_phrase(count: int, noun: str, plural: str, suffix: str = "") -> str:
    """Returns the beginning of a sentence about a count: "1 file was", "3 files that are empty were"."""
    return f"{amounts.format_count(count, noun + suffix, plural + suffix)} {'was' if count == 1 else 'were'}"


def is_junk(name: str) -> bool:
    """Returns whether an operating system or a tool made the file without the user's knowledge."""
    *folders, last = name.lower().split("/")
    return "__macosx" in folders or last in _JUNK_NAMES or last.startswith("._")


def is_hidden(name: str) -> bool:
    """Returns whether the name of the file or of a folder above it starts with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


def find_classes(names: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Returns the class of each file: the first folder below those that all files share.

    Folders named train, val or test are parts of the data set, not classes.

    Args:
        names: paths with `/`.

    Returns:
        `(n,) int64` labels, -1 for a file outside the class folders, such as a license, and the sorted
        classes. With fewer than two classes all labels are -1 and there are no classes.
    """
    folders = [path[0] if path else "" for path in _cut_at_class_folders(names)]
    class_names = sorted({folder for folder in folders if folder})
    if len(class_names) < 2:
        return np.full(len(names), -1, "int64"), ()
    indices = {name: n for n, name in enumerate(class_names)}
    return np.array([indices.get(folder, -1) for folder in folders], "int64"), tuple(class_names)


def find_strays(names: Sequence[str]) -> list[str]:
    """Finds the files outside the class folders; none if there are no classes."""
    labels, classes = find_classes(names)
    return [name for name, label in zip(names, labels, strict=True) if label < 0] if classes else []


def find_merged_folders(names: Sequence[str]) -> list[str]:
    """Finds the sorted folders inside class folders; their files belong to the enclosing class."""
    _, classes = find_classes(names)
    if not classes:
        return []
    return sorted({"/".join(path) for path in _cut_at_class_folders(names) if len(path) > 1})


def find_splits(names: Sequence[str]) -> list[str]:
    """Finds the sorted folders named train, val or test that divide a data set, if any."""
    return _find_split_folders(_list_folders(names))


def list_splits(names: Sequence[str]) -> list[str]:
    """Lists the split of each file by the folders of `find_splits`: "train", "validation", "test" or ""."""
    folders = _list_folders(names)
    if not _find_split_folders(folders):
        return [""] * len(names)
    return [_SPLITS[path[0].lower()] if path else "" for path in folders]


def describe_merged_splits(names: Sequence[str]) -> str:
    """Returns the note on the folders of `find_splits` for tasks that do not use them; "" for none."""
    if len(parts := find_splits(names)) < 2:
        return ""
    return f"The folders {', '.join(parts[:-1])} and {parts[-1]} are merged; a new test split is drawn."


def make_new_paths(names: Sequence[str], new_classes: Mapping[str, str]) -> dict[str, str]:
    """Makes the new paths of files that change class: only the class folder differs.

    Args:
        names: paths of all files of a data set.
        new_classes: new classes by path; files outside the class folders are ignored.
    """
    paths = {}
    for name, class_path in zip(names, _cut_at_class_folders(names), strict=True):
        if class_path and name in new_classes:
            *folders, last = name.split("/")
            folders[-len(class_path)] = new_classes[name]
            paths[name] = "/".join([*folders, last])
    return paths


def _cut_at_class_folders(names: Sequence[str]) -> list[list[str]]:
    """Returns the folders of each file, starting at its class folder."""
    folders = _list_folders(names)
    return _drop_shared_folders([path[1:] for path in folders]) if _find_split_folders(folders) else folders


def _find_split_folders(folders: list[list[str]]) -> list[str]:
    tops = {path[0] for path in folders if path}
    return sorted(tops) if all(top.lower() in _SPLITS for top in tops) else []


def _list_folders(names: Sequence[str]) -> list[list[str]]:
    """Returns the folders of each file, below those that all files share."""
    return _drop_shared_folders([name.split("/")[:-1] for name in names])


def _drop_shared_folders(folders: list[list[str]]) -> list[list[str]]:
    inside = [path for path in folders if path]
    first, last = min(inside, default=[]), max(inside, default=[])
    shared_depth = next(
        (n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None
    )
    shared_depth = min(len(first), len(last)) if shared_depth is None else shared_depth
    return [path[shared_depth:] for path in folders]


def parse_ages_and_genders(names: Iterable[str]) -> dict[str, np.ndarray]:
    """Parses the labels in UTKFace's file names, `{"age", "gender": (n,) float32}`; {} for other data sets.

    Gender is 1 if the data set labels it female, 0 if male; NaN if a name has another form.
    """
    matches = [_UTKFACE.fullmatch(name.rpartition("/")[2]) for name in names]
    pairs = [(int(match[1]), int(match[2])) if match else (np.nan, np.nan) for match in matches]
    count = sum(match is not None for match in matches)
    if not count or count < _MIN_SHARE * len(matches) or any(age > _MAX_AGE for age, _ in pairs):
        return {}
    ages, genders = np.array(pairs, "float32").T
    return {"age": ages, "gender": genders}

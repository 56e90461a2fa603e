"""Finds the pairs of images in a folder or an archive. Loads no Keras.

Three layouts are supported: two folders with the same file names; `name_a.png` next to `name_b.png`; and
single images with both side by side, as in the data sets of pix2pix.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

import numpy as np

from studio.core.data.names import find_splits, join_first_few
from studio.core.data.sources import DataSource, invalid_data_set
from studio.core.errors import InvalidInput
from studio.core.imaging import crops, image_io
from studio.core.progress import Progress

MIN_PAIRS = 8  # pairs, including those held out
_LETTER_PATTERN = re.compile(r"(.*?)[ _-]?([ab])", re.IGNORECASE)
_DOUBLE_ASPECTS = (1.9, 2.1)  # width over height of two images side by side
_LAYOUTS = "two folders with the same names, name_a next to name_b, or both side by side in each image"


class Half(NamedTuple):
    """The file and the part of it that hold one image of a pair."""

    file_index: int
    part: Literal["whole", "left", "right"]


Pair = tuple[Half, Half]


def find_pairs(source: DataSource, name: str) -> dict[str, Pair]:
    """Finds the pairs by their file names.

    Args:
        source: the data set.
        name: of the data set in errors.

    Raises:
        InvalidInput: if files lack a partner, which the error names, or there are too few.
    """
    sides = _match_folders(source.names) or _match_letter_suffixes(source.names)
    if sides is None:
        pairs: dict[str, Pair] = {
            title: (Half(n, "left"), Half(n, "right")) for n, title in enumerate(source.names)
        }
    else:
        first, second = sides
        unmatched = [n for one, other in (sides, sides[::-1]) for key, n in one.items() if key not in other]
        if unmatched:
            file_names = [source.names[n] for n in sorted(unmatched)]
            received = f"{len(unmatched):,} without the other: {join_first_few(file_names)}"
            step = "add the other image under the same name, or remove these"
            raise invalid_data_set(name, "two images of each name", received, step)
        pairs = {key: (Half(n, "whole"), Half(second[key], "whole")) for key, n in first.items()}
    _check_count(name, len(pairs))
    return pairs


def read_pairs(
    source: DataSource, name: str, size: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Loads both images of all pairs, cropped to their center square.

    Args:
        source, name: as in `find_pairs`.
        size: side of the images in px.
        progress: receives each file.

    Returns:
        `(n, size, size, 3) uint8` twice, the SHA-256 of each pair's files, `(n, 32) uint8`, and notes on
        pairs that were left out.

    Raises:
        InvalidInput: like `find_pairs`, or if single images do not show two side by side.
        Cancelled: if the user stopped the job.
    """
    pairs = find_pairs(source, name)
    halves_by_file: dict[int, list[tuple[int, int, str]]] = {}
    for row, pair in enumerate(pairs.values()):
        for side, half in enumerate(pair):
            halves_by_file.setdefault(half.file_index, []).append((row, side, half.part))
    images = np.zeros((len(pairs), 2, size, size, 3), "uint8")
    is_read = np.zeros((len(pairs), 2), bool)
    digests = np.zeros((len(pairs), 2, 32), "uint8")
    not_pairs: list[str] = []
    for count, item in enumerate(source.read()):
        progress.report(count, len(source.names), text="Reading images")
        title = source.names[item.position]
        halves = halves_by_file.get(item.position)
        image = _read_image(item.data, title) if halves else None
        if halves is None or image is None:
            continue
        file_bytes = item.data if isinstance(item.data, bytes) else item.data.tobytes()
        sha256 = np.frombuffer(hashlib.sha256(file_bytes).digest(), "uint8")
        for row, side, part in halves:
            if part != "whole" and not _has_pair_aspect(image):
                not_pairs.append(title)
                break
            images[row, side] = crops.crop_and_resize(_crop_half(image, part), size)
            is_read[row, side], digests[row, side] = True, sha256
    if not_pairs:
        received = f"{len(not_pairs):,} that are none: {join_first_few(sorted(not_pairs))}"
        raise invalid_data_set(name, f"pairs ({_LAYOUTS})", received, "rename or remove these")
    complete = np.asarray(is_read.all(1))
    _check_count(name, int(complete.sum()))
    broken = [title for title, is_complete in zip(pairs, complete.tolist(), strict=True) if not is_complete]
    notes = []
    if broken:
        subject = "pair was" if len(broken) == 1 else "pairs were"
        notes = [f"{len(broken):,} {subject} left out because of damaged images: {join_first_few(broken)}."]
    pair_digests = [hashlib.sha256(both.tobytes()).digest() for both in digests[complete]]
    sha256 = np.frombuffer(b"".join(pair_digests), "uint8").reshape(-1, 32)
    return images[complete, 0], images[complete, 1], sha256, notes


def _check_count(name: str, count: int) -> None:
    if count < MIN_PAIRS:
        raise invalid_data_set(name, f"at least {MIN_PAIRS} pairs ({_LAYOUTS})", f"{count:,}", "add more")


def _match_folders(names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]] | None:
    """Returns the files of two folders by name; None for other layouts and for splits of a data set."""
    if find_splits(names):
        return None
    paths = [name.split("/") for name in names]
    folder_levels = zip(*(path[:-1] for path in paths), strict=False)
    shared = sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, folder_levels))
    folders = sorted({path[shared] for path in paths})
    if len(folders) != 2 or any(len(path) == shared + 1 for path in paths):
        return None
    return _split_sides([("/".join(path[shared + 1 :]), path[shared] == folders[1]) for path in paths])


def _match_letter_suffixes(names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]] | None:
    """Returns the files that end with `_a` and `_b` by the rest of their names; None unless all do."""
    matches = [_LETTER_PATTERN.fullmatch(_remove_suffix(name)) for name in names]
    if not matches or not all(matches):
        return None
    return _split_sides([(match[1], match[2].lower() == "b") for match in matches if match])


def _split_sides(labeled_names: Iterable[tuple[str, bool]]) -> tuple[dict[str, int], dict[str, int]]:
    """Returns the positions of both sides by name without suffix."""
    sides: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for position, (name, is_second) in enumerate(labeled_names):
        sides[is_second][_remove_suffix(name)] = position
    return sides


def _remove_suffix(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)


def _read_image(data: bytes | np.ndarray, title: str) -> np.ndarray | None:
    try:
        return data if isinstance(data, np.ndarray) else image_io.read(data, title)
    except InvalidInput:
        return None


def _has_pair_aspect(image: np.ndarray) -> bool:
    return _DOUBLE_ASPECTS[0] <= image.shape[1] / image.shape[0] <= _DOUBLE_ASPECTS[1]


def _crop_half(image: np.ndarray, part: str) -> np.ndarray:
    half = image.shape[1] // 2
    return {"left": image[:, :half], "right": image[:, -half:]}.get(part, image)

"""Which images of a folder or an archive belong together. Loads no Keras.

Three forms are known: two folders with the same names; `name_a.png` next to `name_b.png`; and single images
with both side by side, as the data sets of pix2pix have them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from studio.core.data.names import first_few, splits
from studio.core.data.sources import DataSource, refused
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.sketch.drawings import middle

LEAST = 8  # pairs, some of which are held out
_LETTER = re.compile(r"(.*?)[ _-]?([ab])", re.IGNORECASE)
_TWICE = (1.9, 2.1)  # width over height of two images side by side
_FORMS = "two folders with the same names, name_a next to name_b, or both side by side in each image"


class Half(NamedTuple):
    """Where one image of a pair is: in which file, and in which part of it."""

    place: int
    part: Literal["whole", "left", "right"]


Pair = tuple[Half, Half]


def pairs_of(source: DataSource, name: str) -> dict[str, Pair]:
    """Which files belong together, by what they are called.

    Args:
        source: the data set.
        name: what errors call it.

    Raises:
        InvalidInput: if some have no other, which it names, or there are too few.
    """
    sides = _by_folders(source.names) or _by_letters(source.names)
    if sides is None:
        found: dict[str, Pair] = {
            title: (Half(n, "left"), Half(n, "right")) for n, title in enumerate(source.names)
        }
    else:
        first, second = sides
        lone = [n for one, other in (sides, sides[::-1]) for key, n in one.items() if key not in other]
        if lone:
            received = (
                f"{len(lone):,} without the other: {first_few([source.names[n] for n in sorted(lone)])}"
            )
            step = "add the other image under the same name, or remove these"
            raise refused(name, "two images of each name", received, step)
        found = {key: (Half(n, "whole"), Half(second[key], "whole")) for key, n in first.items()}
    _enough(name, len(found))
    return found


def read(
    source: DataSource, name: str, size: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Both images of all pairs, each the square in its middle.

    Args:
        source, name: as `pairs_of` takes them.
        size: of a side, in px.
        progress: told of each file.

    Returns:
        `(n, size, size, 3) uint8` twice, the SHA-256 of each pair's files, `(n, 32) uint8`, and sentences on
        pairs that were left out.

    Raises:
        InvalidInput: as `pairs_of`, or if single images are not two side by side.
        Cancelled: if a user asked to stop.
    """
    pairs = pairs_of(source, name)
    wanted: dict[int, list[tuple[int, int, str]]] = {}
    for row, pair in enumerate(pairs.values()):
        for side, half in enumerate(pair):
            wanted.setdefault(half.place, []).append((row, side, half.part))
    made = np.zeros((len(pairs), 2, size, size, 3), "uint8")
    there = np.zeros((len(pairs), 2), bool)
    files = np.zeros((len(pairs), 2, 32), "uint8")
    odd: list[str] = []
    for count, item in enumerate(source.read()):
        progress.report(count, len(source.names), text="Reading images")
        title = source.names[item.place]
        halves = wanted.get(item.place)
        image = _image(item.data, title) if halves else None
        if halves is None or image is None:
            continue
        file = item.data if isinstance(item.data, bytes) else item.data.tobytes()
        sha256 = np.frombuffer(hashlib.sha256(file).digest(), "uint8")
        for row, side, part in halves:
            if part != "whole" and not _is_double(image):
                odd.append(title)
                break
            made[row, side] = middle(_part(image, part), size)
            there[row, side], files[row, side] = True, sha256
    if odd:
        received = f"{len(odd):,} that are none: {first_few(sorted(odd))}"
        raise refused(name, f"pairs ({_FORMS})", received, "rename or remove these")
    whole = np.asarray(there.all(1))
    _enough(name, int(whole.sum()))
    broken = [title for title, fine in zip(pairs, whole.tolist(), strict=True) if not fine]
    what = "pair was" if len(broken) == 1 else "pairs were"
    notes = (
        [f"{len(broken):,} {what} left out because of damaged images: {first_few(broken)}."] if broken else []
    )
    together = [hashlib.sha256(both.tobytes()).digest() for both in files[whole]]
    sha256 = np.frombuffer(b"".join(together), "uint8").reshape(-1, 32)
    return made[whole, 0], made[whole, 1], sha256, notes


def _enough(name: str, count: int) -> None:
    if count < LEAST:
        raise refused(name, f"at least {LEAST} pairs ({_FORMS})", f"{count:,}", "add more")


def _by_folders(names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]] | None:
    """The files of both folders by their names there, if there are two that are no parts of a data set."""
    if splits(names):
        return None
    paths = [name.split("/") for name in names]
    shared = 0
    while paths and all(len(path) > shared + 1 for path in paths) and len({p[shared] for p in paths}) == 1:
        shared += 1
    folders = sorted({path[shared] for path in paths if len(path) > shared + 1})
    if len(folders) != 2 or any(len(path) <= shared + 1 for path in paths):
        return None
    return _sides([("/".join(path[shared + 1 :]), path[shared] == folders[1]) for path in paths])


def _by_letters(names: Sequence[str]) -> tuple[dict[str, int], dict[str, int]] | None:
    """The files whose names end with `_a` and with `_b` by what is before, if all end so."""
    found = [_LETTER.fullmatch(_stem(name)) for name in names]
    if not found or not all(found):
        return None
    return _sides([(match[1], match[2].lower() == "b") for match in found if match])


def _sides(told: Iterable[tuple[str, bool]]) -> tuple[dict[str, int], dict[str, int]]:
    """The places of names, those that are of the second side apart; suffixes do not count."""
    sides: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for place, (name, second) in enumerate(told):
        sides[second][_stem(name)] = place
    return sides


def _stem(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.rpartition(".")[0] or last)


def _image(data: bytes | np.ndarray, title: str) -> np.ndarray | None:
    try:
        return data if isinstance(data, np.ndarray) else image_io.read(data, title)
    except InvalidInput:
        return None


def _is_double(image: np.ndarray) -> bool:
    return _TWICE[0] <= image.shape[1] / image.shape[0] <= _TWICE[1]


def _part(image: np.ndarray, part: str) -> np.ndarray:
    half = image.shape[1] // 2
    return {"left": image[:, :half], "right": image[:, -half:]}.get(part, image)

"""What a network of avatars learns from: sketches by hand, and what should be painted of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from studio.core import data
from studio.core.data.sources import refused
from studio.core.tasks import File
from studio.sketch import drawings, palette
from studio.sketch.settings import KINDS, Kind

LEAST = 16  # avatars, some of which are held out
_SHARES = (0.55, 0.27, 0.18)  # of each of KINDS
_FINE = (palette.CHOSEN.index("iris"), palette.CHOSEN.index("frame"))
# How much each pixel counts by its role: what is seen first is small.
_COUNTS = np.array(
    [9 if role in _FINE or role >= len(palette.CHOSEN) else 1 for role in range(palette.ROLES)]
)
_PLANES = ("images", "roles", *KINDS)  # the arrays that have a side


class Bank:
    """Avatars, and sketches of each.

    Args:
        arrays: for n avatars "images", `(n, size, size, 3) uint8`; "roles", `(n, size, size) uint8`, which of
            `palette`'s colors each pixel has; "colors", `(n, ROLES + 1, 3) float32 in [0, 1]`; "night",
            `(n,) float32`, 1 for those by night; and for each of KINDS some sketches of each avatar,
            `(n, k, size, size) uint8`, or `(n, k, size, size, 3)`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = arrays

    def __len__(self) -> int:
        return len(self.images)

    @property
    def images(self) -> np.ndarray:
        """What should be painted, `(n, size, size, 3) uint8`."""
        return self.arrays["images"]

    def part(self, rows: np.ndarray) -> Bank:
        """Some of them."""
        return Bank({name: one[rows] for name, one in self.arrays.items()})

    def batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, each in a sketch at random, see `learner.Learner`."""
        kinds = rng.choice(len(KINDS), len(rows), p=_SHARES)
        return self.drawn(rows, [KINDS[n] for n in kinds], rng)

    def drawn(self, rows: np.ndarray, kinds: list[Kind], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Some of them, in sketches of these kinds."""
        planes = []
        for row, kind in zip(rows, kinds, strict=True):
            sketches = self.arrays[kind][row]
            one = sketches[rng.integers(len(sketches))]
            colored = one if one.ndim == 3 else np.repeat(one[..., None], 3, axis=2)
            planes.append(drawings.shown(colored, kind, bool(self.arrays["night"][row])))
        roles = self.arrays["roles"][rows]
        return {
            "drawing": np.stack(planes),
            "image": self.images[rows].astype("float32") / 255,
            "colors": self.arrays["colors"][rows],
            "roles": roles.astype("int32"),
            "counts": _COUNTS[roles][..., None].astype("float32"),
        }


def read(file: File, size: int) -> Bank:
    """The avatars of a data set, made smaller if need be.

    Args:
        file: an npz as `python -m training.drawings sketches` makes it.
        size: of a side, in px.

    Raises:
        InvalidInput: if it is none, has too few avatars, or they are not of this size or a multiple of it.
        Unavailable: if it is no longer kept.
    """
    arrays = data.read_arrays(file, (*_PLANES, "colors", "night"))
    if not _fits(arrays):
        step = "make one by `python -m training.drawings sketches`, or take sample:sketches"
        raise refused(file.name, "avatars and sketches of them", "arrays of other shapes", step)
    count, side = arrays["images"].shape[:2]
    if count < LEAST:
        raise refused(file.name, f"at least {LEAST} avatars", f"{count:,}", "add more")
    if side % size:
        expected, step = f"images of {size} px or a multiple of it", "choose another size"
        raise refused(file.name, expected, f"{side} px", step)
    by = side // size
    if by > 1:
        for name in ("images", *KINDS):
            arrays[name] = _smaller(arrays[name], by)
        arrays["roles"] = arrays["roles"][:, by // 2 :: by, by // 2 :: by]
    return Bank(arrays)


def sha256(bank: Bank) -> np.ndarray:
    """Of each image, `(n, 32) uint8`, by which they are split."""
    found = [np.frombuffer(hashlib.sha256(one.tobytes()).digest(), "uint8") for one in bank.images]
    return np.stack(found)


def _fits(arrays: Mapping[str, np.ndarray]) -> bool:
    count, side = (*arrays["images"].shape, 0, 0)[:2]
    plain = {
        "images": (count, side, side, 3),
        "roles": (count, side, side),
        "colors": (count, palette.ROLES + 1, 3),
        "night": (count,),
    }
    return (
        all(arrays[name].shape == shape for name, shape in plain.items())
        and all(arrays[name].dtype == np.uint8 for name in _PLANES)
        and all(arrays[name].dtype == np.float32 for name in ("colors", "night"))
        and all(_are_sketches(arrays[kind], count, side) for kind in KINDS)
        and (not count or int(arrays["roles"].max()) < palette.ROLES)
    )


def _are_sketches(array: np.ndarray, count: int, side: int) -> bool:
    shape = array.shape
    return (
        len(shape) in (4, 5)
        and shape[0] == count
        and shape[1] > 0
        and shape[2:]
        in (
            (side, side),
            (side, side, 3),
        )
    )


def _smaller(array: np.ndarray, by: int) -> np.ndarray:
    """`(..., side, side[, 3]) uint8` -> each side by as much smaller, the mean of the pixels."""
    first = array.ndim - (3 if array.shape[-1] == 3 else 2)
    lead, tail = array.shape[:first], array.shape[first + 2 :]
    side = array.shape[first] // by
    flat = array.reshape(-1, side, by, side, by, *tail)
    return np.stack([np.rint(one.mean((1, 3))).astype("uint8") for one in flat]).reshape(
        *lead, side, side, *tail
    )

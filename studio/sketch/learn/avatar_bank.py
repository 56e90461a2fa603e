"""Training data of avatar networks: avatars with sketches of each."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from studio.core import data
from studio.core.data.sources import invalid_data_set
from studio.core.tasks import File
from studio.sketch import drawings, palette
from studio.sketch.settings import KINDS, Kind

MIN_AVATARS = 16  # avatars, including those held out
_KIND_PROBABILITIES = (0.55, 0.27, 0.18)  # of each of KINDS
_DETAIL_ROLES = (palette.COLOR_ROLES.index("iris"), palette.COLOR_ROLES.index("frame"))
# Weights of the pixels by role: small details, which viewers see first, count more.
_ROLE_WEIGHTS = np.array(
    [9 if role in _DETAIL_ROLES or role >= len(palette.COLOR_ROLES) else 1 for role in range(palette.ROLES)]
)
_PLANES = ("images", "roles", *KINDS)  # the arrays of images


class AvatarBank:
    """Avatars with sketches of each.

    Args:
        arrays: for n avatars "images", `(n, size, size, 3) uint8`; "roles", `(n, size, size) uint8`, the
            color role of each pixel, see `palette`; "colors", `(n, ROLES + 1, 3) float32 in [0, 1]`; "night",
            `(n,) float32`, 1 for avatars by night; and for each of KINDS sketches of each avatar,
            `(n, k, size, size) uint8`, or `(n, k, size, size, 3)`.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = arrays

    def __len__(self) -> int:
        return len(self.images)

    @property
    def images(self) -> np.ndarray:
        """The target images, `(n, size, size, 3) uint8`."""
        return self.arrays["images"]

    def select(self, rows: np.ndarray) -> AvatarBank:
        """Returns a bank of some avatars."""
        return AvatarBank({name: array[rows] for name, array in self.arrays.items()})

    def make_batch(self, rows: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Returns avatars, each with a random sketch, see `learner.AvatarLearner`."""
        kinds = rng.choice(len(KINDS), len(rows), p=_KIND_PROBABILITIES)
        return self.make_batch_of_kinds(rows, [KINDS[n] for n in kinds], rng)

    def make_batch_of_kinds(
        self, rows: np.ndarray, kinds: list[Kind], rng: np.random.Generator
    ) -> dict[str, np.ndarray]:
        """Returns avatars with sketches of these kinds."""
        planes = []
        for row, kind in zip(rows, kinds, strict=True):
            sketches = self.arrays[kind][row]
            sketch = sketches[rng.integers(len(sketches))]
            colored = sketch if sketch.ndim == 3 else np.repeat(sketch[..., None], 3, axis=2)
            planes.append(drawings.make_network_input(colored, kind, bool(self.arrays["night"][row])))
        roles = self.arrays["roles"][rows]
        return {
            "drawing": np.stack(planes),
            "image": self.images[rows].astype("float32") / 255,
            "colors": self.arrays["colors"][rows],
            "roles": roles.astype("int32"),
            "pixel_weights": _ROLE_WEIGHTS[roles][..., None].astype("float32"),
        }


def read_bank(file: File, size: int) -> AvatarBank:
    """Loads the avatars of a data set, downscaled if needed.

    Args:
        file: an npz of `python -m training.drawings sketches`.
        size: side of the images in px.

    Raises:
        InvalidInput: for other files, too few avatars, or sizes that are no multiple of `size`.
        Unavailable: if the file was deleted.
    """
    arrays = data.read_arrays(file, (*_PLANES, "colors", "night"))
    if not _are_valid(arrays):
        step = "make one by `python -m training.drawings sketches`, or take sample:sketches"
        raise invalid_data_set(file.name, "avatars and sketches of them", "arrays of other shapes", step)
    count, side = arrays["images"].shape[:2]
    if count < MIN_AVATARS:
        raise invalid_data_set(file.name, f"at least {MIN_AVATARS} avatars", f"{count:,}", "add more")
    if side % size:
        expected, step = f"images of {size} px or a multiple of it", "choose another size"
        raise invalid_data_set(file.name, expected, f"{side} px", step)
    factor = side // size
    if factor > 1:
        for name in ("images", *KINDS):
            arrays[name] = _shrink(arrays[name], factor)
        arrays["roles"] = arrays["roles"][:, factor // 2 :: factor, factor // 2 :: factor]
    return AvatarBank(arrays)


def hash_images(bank: AvatarBank) -> np.ndarray:
    """Returns the SHA-256 of each image, `(n, 32) uint8`, for the split."""
    digests = [np.frombuffer(hashlib.sha256(image.tobytes()).digest(), "uint8") for image in bank.images]
    return np.stack(digests)


def _are_valid(arrays: Mapping[str, np.ndarray]) -> bool:
    """Tells whether arrays have the shapes and types that `AvatarBank` needs."""
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
    """Tells whether an array holds sketches of `count` avatars with `side` px."""
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


def _shrink(array: np.ndarray, factor: int) -> np.ndarray:
    """Downscales `(..., side, side[, 3]) uint8` by a factor, as means of blocks."""
    first = array.ndim - (3 if array.shape[-1] == 3 else 2)
    lead, tail = array.shape[:first], array.shape[first + 2 :]
    side = array.shape[first] // factor
    flat = array.reshape(-1, side, factor, side, factor, *tail)
    return np.stack([np.rint(blocks.mean((1, 3))).astype("uint8") for blocks in flat]).reshape(
        *lead, side, side, *tail
    )

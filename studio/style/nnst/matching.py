"""Which position of the painting each position of the photo is matched to."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from studio.core.progress import Progress

MOST = 16_384  # positions of a painting that are kept: 88 MB
_SHOWN = 48  # positions of the longer side that a page gets: 4 kB
_BLOCK = 2048  # positions compared at once: 134 MB of similarities


class Bank(NamedTuple):
    """Positions of a painting that may be matched.

    Attributes:
        features: `(N, 2688) float16` of unit length.
        places: `(N, 2) float32 in [0, 1]`, y and x of each position in the painting as it was given.
    """

    features: np.ndarray
    places: np.ndarray


def bank(maps: Sequence[np.ndarray], turns: Sequence[int], rng: np.random.Generator) -> Bank:
    """Collects the positions of a painting, at most `MOST`, drawn evenly at random beyond.

    Args:
        maps: `(h, w, 2688) float16`, of the painting and of its rotated copies.
        turns: quarter turns of each copy, counterclockwise.
        rng: draws the positions.
    """
    features, places = [], []
    for image_map, turn in zip(maps, turns, strict=True):
        rows = _sample(image_map.shape[0] * image_map.shape[1], MOST // len(maps), rng)
        features.append(image_map.reshape(-1, image_map.shape[-1])[rows])
        places.append(_places(image_map.shape[0], image_map.shape[1], turn).reshape(-1, 2)[rows])
    return Bank(np.concatenate(features), np.concatenate(places))


def _sample(count: int, most: int, rng: np.random.Generator) -> np.ndarray:
    return np.arange(count) if count <= most else np.sort(rng.choice(count, most, replace=False))


def _places(height: int, width: int, turn: int) -> np.ndarray:
    """`(height, width, 2)`: where each position of a rotated copy lies in the painting."""
    upright = (height, width) if turn % 2 == 0 else (width, height)
    rows, columns = ((np.arange(side) + 0.5) / side for side in upright)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    return np.rot90(grid, turn).astype("float32")


def nearest(features: np.ndarray, painting: Bank, progress: Progress | None = None) -> np.ndarray:
    """The nearest position of a painting to each position, by centered cosine distance.

    Args:
        features: `(h, w, 2688) float16` of unit length.

    Returns:
        `(h, w) int32`, indices into the bank.

    Raises:
        Cancelled: between two blocks, if a user asked to stop.
    """
    flat = features.reshape(-1, features.shape[-1])
    mean = flat.mean(axis=0, dtype="float32")
    wanted = _unit(painting.features.astype("float32") - painting.features.mean(axis=0, dtype="float32")).T
    index = np.empty(len(flat), "int32")
    for begin in range(0, len(flat), _BLOCK):
        if progress is not None:
            progress.check()
        block = _unit(flat[begin : begin + _BLOCK].astype("float32") - mean)
        index[begin : begin + _BLOCK] = np.argmax(block @ wanted, axis=1)
    return index.reshape(features.shape[:2])


def encode(places: Sequence[np.ndarray]) -> dict[str, Any]:
    """The matched places of a result on a coarse grid, as JSON that a page can draw.

    Args:
        places: one `(h, w, 2) float32 in [0, 1]` for each style: y and x in the style.

    Returns:
        `rows` and `columns` of the grid, and for each style base64 of `(rows, columns, 2) uint8`.
    """
    height, width = places[0].shape[:2]
    step = -(-max(height, width) // _SHOWN)
    coarse = [np.rint(255 * one[step // 2 :: step, step // 2 :: step]).astype("uint8") for one in places]
    rows, columns = coarse[0].shape[:2]
    return {"rows": rows, "columns": columns, "places": [b64encode(one.tobytes()).decode() for one in coarse]}


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-8)

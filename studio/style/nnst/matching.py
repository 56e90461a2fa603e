"""Matches positions of the photo to positions of the painting by their features."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from studio.core.progress import Progress

MAX_POSITIONS = 16_384  # positions of a painting in a bank: 88 MB
_MAX_GRID_SIDE = 48  # positions along the longer side that a page receives: 4 kB
_BLOCK_POSITIONS = 2048  # positions compared at once: 134 MB of similarities


class Bank(NamedTuple):
    """The candidate positions of a painting.

    Attributes:
        features: `(N, 2688) float16` of unit length.
        positions: `(N, 2) float32 in [0, 1]`, y and x of each position in the original painting.
    """

    features: np.ndarray
    positions: np.ndarray


def build_bank(feature_maps: Sequence[np.ndarray], turns: Sequence[int], rng: np.random.Generator) -> Bank:
    """Collects the positions of a painting, at most `MAX_POSITIONS`, sampled uniformly if there are more.

    Args:
        feature_maps: `(h, w, 2688) float16`, one for the painting and one for each rotated copy.
        turns: quarter turns of each copy, counterclockwise.
        rng: samples the positions.
    """
    features, positions = [], []
    for feature_map, turn in zip(feature_maps, turns, strict=True):
        height, width, depth = feature_map.shape
        rows, max_count = np.arange(height * width), MAX_POSITIONS // len(feature_maps)
        if len(rows) > max_count:
            rows = np.sort(rng.choice(len(rows), max_count, replace=False))
        features.append(feature_map.reshape(-1, depth)[rows])
        positions.append(_compute_original_positions(height, width, turn).reshape(-1, 2)[rows])
    return Bank(np.concatenate(features), np.concatenate(positions))


def _compute_original_positions(height: int, width: int, turn: int) -> np.ndarray:
    """Returns where each position of a rotated copy lies in the painting, `(height, width, 2)`."""
    upright = (height, width) if turn % 2 == 0 else (width, height)
    rows, columns = ((np.arange(side) + 0.5) / side for side in upright)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
    return np.rot90(grid, turn).astype("float32")


def find_nearest(features: np.ndarray, bank: Bank, progress: Progress | None = None) -> np.ndarray:
    """Finds the nearest position of a painting to each position by centered cosine distance.

    Args:
        features: `(h, w, 2688) float16` of unit length.

    Returns:
        `(h, w) int32`, indices into the bank.

    Raises:
        Cancelled: between two blocks, if the user stopped the job.
    """
    flat = features.reshape(-1, features.shape[-1])
    mean = flat.mean(axis=0, dtype="float32")
    candidates = bank.features.astype("float32")  # changed in place: each copy takes 176 MB
    candidates -= bank.features.mean(axis=0, dtype="float32")
    candidates /= _measure_lengths(candidates)
    index = np.empty(len(flat), "int32")
    for start in range(0, len(flat), _BLOCK_POSITIONS):
        if progress is not None:
            progress.check()
        block = normalize(flat[start : start + _BLOCK_POSITIONS].astype("float32") - mean)
        index[start : start + _BLOCK_POSITIONS] = np.argmax(block @ candidates.T, axis=1)
    return index.reshape(features.shape[:2])


def encode_matches(matches: Sequence[np.ndarray]) -> dict[str, Any]:
    """Encodes the matched positions on a coarse grid, as JSON for a page.

    Args:
        matches: one `(h, w, 2) float32 in [0, 1]` for each style: y and x in the style.

    Returns:
        `rows` and `columns` of the grid, and for each style base64 of `(rows, columns, 2) uint8`.
    """
    height, width = matches[0].shape[:2]
    step = -(-max(height, width) // _MAX_GRID_SIDE)
    coarse = [
        np.rint(255 * positions[step // 2 :: step, step // 2 :: step]).astype("uint8")
        for positions in matches
    ]
    rows, columns = coarse[0].shape[:2]
    return {
        "rows": rows,
        "columns": columns,
        "places": [b64encode(grid.tobytes()).decode() for grid in coarse],
    }


def normalize(vectors: np.ndarray) -> np.ndarray:
    """Scales the rows of `(N, C)` to unit length."""
    return vectors / _measure_lengths(vectors)


def _measure_lengths(vectors: np.ndarray) -> np.ndarray:
    """Returns the lengths of the rows of `(N, C)`, `(N, 1)`, without the copy that `np.linalg.norm` makes."""
    return np.sqrt(np.einsum("nc,nc->n", vectors, vectors))[:, None] + 1e-8

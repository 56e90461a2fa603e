"""Losses on an image's features, and their gradients, for the image at once or in tiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from studio.core.imaging import tiling
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.gradients import compile_function, custom_gradient, value_and_grad
from studio.core.progress import Progress
from studio.style.nnst.features import (
    CHANNELS,
    STRIDE,
    build_extractor,
    feature_norm,
    inner_slices,
    layer_slices,
    map_slices,
    split_tiles,
    vector_norm,
    window_slices,
)
from studio.style.nnst.matching import Bank

if TYPE_CHECKING:
    import keras

_SAMPLED_POSITIONS = 2048  # positions of the image that each layer is matched at, in one step
_MAX_CANDIDATES = 4096  # candidate positions in each painting
_ROWS_AT_ONCE = 32  # rows of a target mixed at once in float32


class MatchLoss:
    """The mean cosine distance between an image's features and fixed matches.

    Args:
        backbone: VGG16.
        photo: `(h, w, 2688) float16` of unit length, features of the photo; overwritten, to save memory.
        banks, indices: one per painting; indices are `(h, w) int32`, the position in the bank of each match.
        shares: one per painting, `(h, w) float32`; they add to 1 at every position.
        structure: weight of the photo's features, 0 to 1.
        progress: checked for cancellation before each tile.
    """

    def __init__(
        self,
        backbone: Backbone,
        photo: np.ndarray,
        banks: Sequence[Bank],
        indices: Sequence[np.ndarray],
        shares: Sequence[np.ndarray],
        structure: float,
        progress: Progress,
    ):
        for top in range(0, len(photo), _ROWS_AT_ONCE):
            rows = slice(top, top + _ROWS_AT_ONCE)
            target = structure * photo[rows].astype("float32")
            for bank, index, share in zip(banks, indices, shares, strict=True):
                target += (1.0 - structure) * share[rows][..., None] * bank.features[index[rows]]
            photo[rows] = target
        self._target = photo
        self._evaluate, self._progress = _compile_match_loss(build_extractor(backbone)), progress

    def __call__(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the loss at `(1, H, W, 3) float32`, and its gradient with respect to the image."""

        def make_inputs(tile: tiling.Tile, height: int, width: int):
            weight = np.zeros((1, height, width, 1), "float32")  # 0 in the overlap
            weight[0, *inner_slices(tile)] = 1.0 / (self._target.shape[0] * self._target.shape[1])
            return self._target[None, *window_slices(tile)], weight

        return _sum_tiles(self._evaluate, images_01, make_inputs, self._progress)


class LayerwiseLoss:
    """The mean cosine distance of each layer's features to their nearest neighbors, at random positions.

    Args:
        rng: samples the positions at every step.
        backbone, photo, banks, shares, structure, progress: as for `MatchLoss`.

    Reference:
        "Feature splitting" of arXiv:2203.13215.
    """

    def __init__(
        self,
        backbone: Backbone,
        photo: np.ndarray,
        banks: Sequence[Bank],
        shares: Sequence[np.ndarray],
        structure: float,
        rng: np.random.Generator,
        progress: Progress,
    ):
        self._photo, self._rng, self._progress = photo, rng, progress
        self._shares = np.stack(shares, axis=-1).astype("float32")
        self._structure = np.float32(structure)
        self._banks = [bank.features for bank in banks]
        self._evaluate = _compile_layerwise_loss(build_extractor(backbone), len(banks))

    def __call__(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the loss at `(1, H, W, 3) float32`, and its gradient with respect to the image."""
        candidates = [self._rng.permutation(len(bank))[:_MAX_CANDIDATES] for bank in self._banks]
        banks = tuple(bank[rows][None, :, None] for bank, rows in zip(self._banks, candidates, strict=True))
        total_positions = self._photo.shape[0] * self._photo.shape[1]

        def make_inputs(tile: tiling.Tile, _height: int, width: int):
            rows, columns = inner_slices(tile)
            photo, shares = self._photo[map_slices(tile)], self._shares[map_slices(tile)]
            count = photo.shape[0] * photo.shape[1]
            sample_count = max(1, round(_SAMPLED_POSITIONS * count / total_positions))
            down, right = np.divmod(self._rng.permutation(count)[:sample_count], photo.shape[1])
            positions = ((rows.start + down) * width + columns.start + right).astype("int32")
            return (
                positions[None, :, None, None],
                photo[down, right][None, :, None],
                shares[down, right][None, :, None],
                np.float32(count / total_positions),
                self._structure,
                *banks,
            )

        return _sum_tiles(self._evaluate, images_01, make_inputs, self._progress)


def _sum_tiles(evaluate: Callable, images_01: np.ndarray, make_inputs: Callable, progress: Progress):
    """Adds the losses and gradients of all tiles."""
    total, gradient = 0.0, np.zeros(images_01.shape, "float32")
    for tile in split_tiles(*images_01.shape[1:3]):
        progress.check()
        window = images_01[:, tile.rows.window, tile.columns.window]
        value, _, tile_gradient = evaluate(
            window, *make_inputs(tile, window.shape[1] // STRIDE, window.shape[2] // STRIDE)
        )
        total += float(value)
        gradient[:, tile.rows.window, tile.columns.window] += np.asarray(tile_gradient)
    return total, gradient


@lru_cache(maxsize=4)
def _compile_match_loss(extractor: keras.Model) -> Callable:
    """Compiles the loss of `MatchLoss` in one tile, with its gradient."""

    def compute_loss(images_01, target, weight):
        from keras import ops

        def list_parts(maps):  # each layer's features, target and number of channels
            targets = (ops.cast(target[..., part], "float32") for part in layer_slices())
            return zip(maps, targets, CHANNELS, strict=True)

        # Automatic differentiation would keep copies of features and target: 0.2 GB in a tile of 640 px.
        def sum_distances(*maps):
            norm = feature_norm(maps)
            product = sum(
                ops.sum(features * layer_target, axis=-1, keepdims=True) / count
                for features, layer_target, count in list_parts(maps)
            )

            def differentiate(upstream):
                by_product = -upstream * weight / norm
                by_length = upstream * weight * product / norm**3
                return tuple(
                    (by_product / count) * layer_target + (by_length / count**2) * features
                    for features, layer_target, count in list_parts(maps)
                )

            return ops.sum(weight * (1.0 - product / norm)), differentiate

        return custom_gradient(sum_distances)(*extractor(images_01)), ()

    return compile_function(value_and_grad(compute_loss))


@lru_cache(maxsize=8)
def _compile_layerwise_loss(extractor: keras.Model, style_count: int) -> Callable:
    """Compiles the loss of `LayerwiseLoss` in one tile, with its gradient."""

    def compute_loss(images_01, positions, photo, shares, size, structure, *banks):
        from keras import ops

        distance = 0.0
        for layer_map, part in zip(extractor(images_01), layer_slices(), strict=True):
            vectors = ops.reshape(layer_map, (-1, layer_map.shape[-1]))
            features = _normalize(ops.take(vectors, positions[0, :, 0, 0], axis=0))
            structure_distance = 1.0 - _compute_similarity(
                features, _normalize(ops.cast(photo[0, :, 0, part], "float32"))
            )
            distance += structure * ops.mean(structure_distance)
            for style in range(style_count):
                bank = _normalize(ops.cast(banks[style][0, :, 0, part], "float32"))
                style_distance = 1.0 - _compute_similarity(features, _find_nearest(features, bank))
                distance += (1.0 - structure) * ops.mean(shares[0, :, 0, style] * style_distance)
        return size * distance / len(layer_slices()), ()

    return compile_function(value_and_grad(compute_loss))


def _find_nearest(features, bank):
    """Returns the nearest of `(N, C)` to each of `(n, C)` by centered cosine distance."""
    from keras import ops

    constants = ops.stop_gradient(features)
    centered = [
        _normalize(vectors - ops.mean(vectors, axis=0, keepdims=True)) for vectors in (constants, bank)
    ]
    index = ops.argmax(ops.matmul(centered[0], ops.transpose(centered[1])), axis=1)
    return ops.take(bank, index, axis=0)


def _normalize(vectors):
    return vectors / vector_norm(vectors)


def _compute_similarity(first, second):
    from keras import ops

    return ops.sum(first * second, axis=-1)

"""Computes the value and gradient of an objective at an image, as a whole or in tiles.

Graphs are compiled once for images of any size and shared by all objectives of the same structure. Targets
and weights are arguments, so a warm worker compiles nothing for its next job.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.imaging import tiling
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.objectives.losses import TermKind, evaluate_term
from studio.core.objectives.terms import IMAGE, Objective, Term
from studio.core.progress import Progress
from studio.core.training.precision import cast_to_float32

if TYPE_CHECKING:
    import keras

    from studio.core.objectives.backbones import Backbone

MAX_SIDE = 1024  # px, longest side without tiles; tiles bound the memory of larger images
ANY_SIZE = sys.maxsize  # `max_side` for backbones other than VGG16, whose strides the tiles do not fit
TILE = 768  # px, side of a tile without its halo
HALO = 80  # px, a multiple of 16 above the receptive field radius of VGG16 up to block5_conv1 (73 px)

Structure = tuple[tuple[str, TermKind], ...]  # layer and kind of each term


@dataclass(frozen=True)
class Evaluation:
    """Value and gradient of an objective at an image.

    Attributes:
        value: weighted sum of the terms.
        terms: unweighted value of each term, in order.
        gradient: gradient of `value` with respect to the image, `(1, H, W, 3) float32`.
    """

    value: float
    terms: tuple[float, ...]
    gradient: np.ndarray


class Evaluator:
    """Computes the value and gradient of an objective at one image after another.

    Args:
        backbone: computes the layers; its strides must divide TILE and HALO.
        objective: objective whose targets fit the size of the images.
        progress: checked for cancellation between tiles.
        max_side: longest side in px that is computed without tiles.
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        progress: Progress | None = None,
        max_side: int = MAX_SIDE,
    ):
        order = sorted(range(len(objective.terms)), key=lambda i: objective.terms[i].layer == IMAGE)
        self._order = [order.index(i) for i in range(len(order))]
        terms = tuple(objective.terms[i] for i in order)
        layer_terms = tuple(term for term in terms if term.layer != IMAGE)
        self._all_terms, self._layer_terms = _TermGroup(terms), _TermGroup(layer_terms)
        self._pixel_terms = _TermGroup(terms[len(layer_terms) :])
        self._strides = backbone.spec.strides
        self._extractor = backbone.build_extractor(objective.layers) if layer_terms else None
        self._progress = progress or Progress()
        self._max_side = max_side

    def __call__(self, images_01: np.ndarray) -> Evaluation:
        """Returns the value and gradient at an image.

        Args:
            images_01: `(1, H, W, 3) float32`, in [0, 1] or slightly beyond.

        Raises:
            Cancelled: between two tiles, if the job was cancelled.
        """
        if max(images_01.shape[1:3]) <= self._max_side or self._extractor is None:
            total, terms, gradient = self._evaluate_whole_image(self._extractor, self._all_terms, images_01)
        else:  # no tiles for pixel terms: they need little memory, and neighbors outside a tile
            total, terms, gradient = self._evaluate_in_tiles(images_01)
            pixel_total, pixel_terms, pixel_gradient = self._evaluate_whole_image(
                None, self._pixel_terms, images_01
            )
            total, terms, gradient = total + pixel_total, (*terms, *pixel_terms), gradient + pixel_gradient
        return Evaluation(float(total), tuple(float(terms[i]) for i in self._order), gradient)

    def compute_value(self, images_01: np.ndarray) -> float:
        """Returns the weighted sum without its gradient, a third of the cost. Never uses tiles."""
        group = self._all_terms
        return float(
            _compile_value(self._extractor, group.structure)(images_01, group.weights, group.targets)
        )

    def _evaluate_whole_image(self, extractor: keras.Model | None, group: _TermGroup, images_01: np.ndarray):
        if not group.structure:
            return 0.0, (), np.zeros(images_01.shape, "float32")
        graph = _compile_gradient(extractor, group.structure)
        total, terms, gradient = graph(images_01, group.weights, group.targets)
        return total, terms, np.asarray(gradient)

    def _evaluate_in_tiles(self, images_01: np.ndarray):
        """Sums each layer over all tiles, then computes each tile's gradient from that of the sums."""
        group, (height, width) = self._layer_terms, images_01.shape[1:3]
        strides = tuple(self._strides[layer] for layer, _ in group.structure)
        gather, finish, compute_tile_slopes = _compile_tiles(self._extractor, group.structure, strides)
        tiles = tiling.cut_tiles(height, width, TILE, HALO)
        sums: list[Any] = [0.0] * len(strides)
        for tile in tiles:
            tile_sums = gather(*self._make_tile_inputs(images_01, tile, strides))
            sums = [a + np.asarray(b) for a, b in zip(sums, tile_sums, strict=True)]
            self._progress.check()
        counts = np.array([(height // s) * (width // s) for s in strides], "float32")
        total, terms, slopes = finish(tuple(sums), group.weights, group.targets, counts)
        gradient = np.zeros(images_01.shape, "float32")
        for tile in tiles:
            tile_inputs = self._make_tile_inputs(images_01, tile, strides)
            _, _, tile_gradient = compute_tile_slopes(*tile_inputs, slopes)
            gradient[:, tile.rows.window, tile.columns.window] += np.asarray(tile_gradient)
            self._progress.check()
        return total, terms, gradient

    def _make_tile_inputs(self, images_01: np.ndarray, tile: tiling.Tile, strides: tuple[int, ...]):
        """Makes the inputs of a tile's graphs: its pixels, its bounds without halo, its targets."""
        bounds = np.array(
            [tile.rows.offset, tile.rows.length, tile.columns.offset, tile.columns.length], "int32"
        )
        tile_targets = tuple(
            tuple(_crop(m, tile, stride) for m in targets[: kind.map_count]) + targets[kind.map_count :]
            for stride, targets, (_, kind) in zip(
                strides, self._layer_terms.targets, self._layer_terms.structure, strict=True
            )
        )
        return images_01[:, tile.rows.window, tile.columns.window], bounds, tile_targets


def compute_activations(
    backbone: Backbone,
    layers: Sequence[str],
    images_01: np.ndarray,
    progress: Progress | None = None,
    max_side: int = MAX_SIDE,
) -> Iterator[tuple[tiling.Tile, dict[str, np.ndarray]]]:
    """Computes layers of an image of any size, tile by tile, with bounded memory.

    Args:
        backbone: backbone of the layers.
        layers: names of the layers.
        images_01: `(1, H, W, 3) float32 in [0, 1]`.
        progress: checked for cancellation before each tile.
        max_side: longest side in px that is computed as one tile.

    Yields:
        Each tile and its part of each layer without halo, `{layer: (1, h, w, C) float32}`. These parts side
        by side are the layer of the whole image.

    Raises:
        Cancelled: before a tile, if the job was cancelled.
    """
    height, width = images_01.shape[1:3]
    side, halo = (max_side, 0) if max(height, width) <= max_side else (TILE, HALO)
    compute = _compile_forward(backbone.build_extractor(layers))
    for tile in tiling.cut_tiles(height, width, side, halo):
        if progress is not None:
            progress.check()
        features = compute(images_01[:, tile.rows.window, tile.columns.window])
        yield (
            tile,
            {layer: _crop_to_tile(features[layer], tile, backbone.spec.strides[layer]) for layer in layers},
        )


def _crop_to_tile(activation: Any, tile: tiling.Tile, stride: int) -> np.ndarray:
    rows, columns = tile.rows.own_slice(stride), tile.columns.own_slice(stride)
    top, left = tile.rows.window_start // stride, tile.columns.window_start // stride
    within_window = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    return np.asarray(activation)[:, within_window[0], within_window[1]]


class _TermGroup:
    """Terms of an objective, split into the structure of a graph and its arguments."""

    def __init__(self, terms: tuple[Term, ...]):
        self.structure: Structure = tuple((term.layer, term.kind) for term in terms)
        self.weights = np.array([term.weight for term in terms], "float32")
        self.targets = tuple(tuple(np.asarray(t, "float32") for t in term.targets) for term in terms)


def _crop(array: np.ndarray, tile: tiling.Tile, stride: int) -> np.ndarray:
    rows, columns = tile.rows.window, tile.columns.window
    return array[
        :, rows.start // stride : rows.stop // stride, columns.start // stride : columns.stop // stride
    ]


@lru_cache(maxsize=16)
def _compile_forward(extractor: keras.Model) -> Callable:
    return compile_function(lambda images_01: extractor(images_01))


@lru_cache(maxsize=16)
def _compile_gradient(extractor: keras.Model | None, structure: Structure) -> Callable:
    return compile_function(value_and_grad(_make_evaluation(extractor, structure)))


@lru_cache(maxsize=16)
def _compile_value(extractor: keras.Model | None, structure: Structure) -> Callable:
    evaluate = _make_evaluation(extractor, structure)
    return compile_function(lambda images_01, weights, targets: evaluate(images_01, weights, targets)[0])


def _make_evaluation(extractor: keras.Model | None, structure: Structure) -> Callable:
    """Returns a function from an image, weights and targets to the weighted sum and the terms."""

    def evaluate(images_01, weights, targets):
        features = _compute_features(extractor, images_01)
        terms = [
            evaluate_term(kind, features[layer], term_targets)
            for (layer, kind), term_targets in zip(structure, targets, strict=True)
        ]
        return _sum_weighted(terms, weights), tuple(terms)

    return evaluate


@lru_cache(maxsize=4)
def _compile_tiles(extractor: keras.Model, structure: Structure, strides: tuple[int, ...]):
    def gather(images_01, bounds, targets):
        features = _compute_features(extractor, images_01)
        return tuple(
            kind.gather(*_mask_to_tile(features[layer], term_targets, kind.map_count, bounds, stride))
            for (layer, kind), term_targets, stride in zip(structure, targets, strides, strict=True)
        )

    def finish(sums, weights, targets, counts):
        channels = [extractor.output[layer].shape[-1] for layer, _ in structure]
        terms = [
            kind.finish(sums[i], counts[i], channels[i], targets[i]) for i, (_, kind) in enumerate(structure)
        ]
        return _sum_weighted(terms, weights), tuple(terms)

    def compute_tile_slopes(images_01, bounds, targets, slopes):
        from keras import ops

        sums = gather(images_01, bounds, targets)
        return sum(ops.sum(slope * total) for slope, total in zip(slopes, sums, strict=True)), ()

    return (
        compile_function(gather),
        compile_function(value_and_grad(finish)),
        compile_function(value_and_grad(compute_tile_slopes)),
    )


def _compute_features(extractor: keras.Model | None, images_01) -> dict[str, Any]:
    features = cast_to_float32(extractor(images_01)) if extractor is not None else {}
    return {**features, IMAGE: images_01}


def _sum_weighted(terms: list, weights):
    from keras import ops

    return ops.sum(ops.stack(terms) * weights)


def _mask_to_tile(features, targets: tuple, map_count: int, bounds, stride: int):
    """Sets positions outside the tile's own bounds to 0, so that sums over positions ignore them."""
    from keras import ops

    _, height, width, _ = ops.shape(features)
    rows, columns = ops.arange(height), ops.arange(width)
    top, left = bounds[0] // stride, bounds[2] // stride
    bottom, right = (bounds[0] + bounds[1]) // stride, (bounds[2] + bounds[3]) // stride
    is_own_row = ops.cast(ops.logical_and(rows >= top, rows < bottom), "float32")
    is_own_column = ops.cast(ops.logical_and(columns >= left, columns < right), "float32")
    mask = (is_own_row[:, None] * is_own_column[None, :])[None, :, :, None]
    return features * mask, tuple(t * mask if i < map_count else t for i, t in enumerate(targets))

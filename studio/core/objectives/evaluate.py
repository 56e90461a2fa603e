"""The value and gradient of an objective at an image, whole or in tiles.

Graphs are compiled once for images of any size and shared by all objectives of the same structure; targets
and weights are arguments, so the next job of a warm worker compiles nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.imaging import tiling
from studio.core.objectives.gradients import compiled, value_and_grad
from studio.core.objectives.losses import Kind, value
from studio.core.objectives.terms import IMAGE, Objective, Term
from studio.core.progress import Progress
from studio.core.training.precision import as_float32

if TYPE_CHECKING:
    import keras

    from studio.core.objectives.backbones import Backbone

WHOLE = 1024  # px, the longest side that is worked on in one piece; beyond, tiles keep the memory bounded
ANY_SIZE = sys.maxsize  # as `whole`: never in tiles, which fit the strides of VGG16 alone
TILE = 768  # px, what one tile answers for
HALO = 80  # px, a multiple of 16 beyond the reach of VGG16 up to block5_conv1 (73 px)

Structure = tuple[tuple[str, Kind], ...]  # the layer and kind of every term


@dataclass(frozen=True)
class Evaluation:
    """An objective at one image.

    Attributes:
        value: the weighted sum.
        terms: every term's number before its weight, in order.
        gradient: `(1, H, W, 3) float32`, of the value by the image.
    """

    value: float
    terms: tuple[float, ...]
    gradient: np.ndarray


class Evaluator:
    """Finds the value and gradient of one objective at one image after another.

    Args:
        backbone: computes the layers; its strides must divide TILE and HALO.
        objective: its targets belong to images of the size that will come.
        progress: asked for a cancel between two tiles.
        whole: the longest side, in px, that is worked on in one piece.
    """

    def __init__(
        self, backbone: Backbone, objective: Objective, progress: Progress | None = None, whole: int = WHOLE
    ):
        order = sorted(range(len(objective.terms)), key=lambda i: objective.terms[i].layer == IMAGE)
        self._order = [order.index(i) for i in range(len(order))]
        terms = tuple(objective.terms[i] for i in order)
        deep = tuple(term for term in terms if term.layer != IMAGE)
        self._all, self._deep, self._flat = _Part(terms), _Part(deep), _Part(terms[len(deep) :])
        self._strides = backbone.spec.strides
        self._extractor = backbone.features(objective.layers) if deep else None
        self._progress = progress or Progress()
        self._whole = whole

    def __call__(self, images_01: np.ndarray) -> Evaluation:
        """Evaluates at `(1, H, W, 3) float32`, in [0, 1] or a little beyond.

        Raises:
            Cancelled: between two tiles, if a user asked to stop.
        """
        if max(images_01.shape[1:3]) <= self._whole or self._extractor is None:
            total, terms, gradient = self._in_one_piece(self._extractor, self._all, images_01)
        else:  # terms on the pixels need little memory, and neighbors beyond a tile
            total, terms, gradient = self._in_tiles(images_01)
            more, flat, pixels = self._in_one_piece(None, self._flat, images_01)
            total, terms, gradient = total + more, (*terms, *flat), gradient + pixels
        return Evaluation(float(total), tuple(float(terms[i]) for i in self._order), gradient)

    def value(self, images_01: np.ndarray) -> float:
        """The weighted sum alone, in one piece whatever the size: a third of what its gradient costs."""
        part = self._all
        return float(_value_graph(self._extractor, part.structure)(images_01, part.weights, part.targets))

    def _in_one_piece(self, extractor: keras.Model | None, part: _Part, images_01: np.ndarray):
        if not part.structure:
            return 0.0, (), np.zeros(images_01.shape, "float32")
        graph = _whole_graph(extractor, part.structure)
        total, terms, gradient = graph(images_01, part.weights, part.targets)
        return total, terms, np.asarray(gradient)

    def _in_tiles(self, images_01: np.ndarray):
        """First the sums over all tiles; then, from the slope by each sum, each tile's part of the slope."""
        part, (height, width) = self._deep, images_01.shape[1:3]
        strides = tuple(self._strides[layer] for layer, _ in part.structure)
        gather, finish, pull = _tile_graphs(self._extractor, part.structure, strides)
        tiles = tiling.tiles(height, width, TILE, HALO)
        sums: list[Any] = [0.0] * len(strides)
        for tile in tiles:
            found = gather(*self._seen(images_01, tile, strides))
            sums = [a + np.asarray(b) for a, b in zip(sums, found, strict=True)]
            self._progress.check()
        counts = np.array([(height // s) * (width // s) for s in strides], "float32")
        total, terms, slopes = finish(tuple(sums), part.weights, part.targets, counts)
        gradient = np.zeros(images_01.shape, "float32")
        for tile in tiles:
            _, _, share = pull(*self._seen(images_01, tile, strides), slopes)
            gradient[:, tile.rows.seen, tile.columns.seen] += np.asarray(share)
            self._progress.check()
        return total, terms, gradient

    def _seen(self, images_01: np.ndarray, tile: tiling.Tile, strides: tuple[int, ...]):
        """What the graphs of one tile take: its pixels, where its own part lies, and its part of the maps."""
        own = np.array(
            [tile.rows.offset, tile.rows.length, tile.columns.offset, tile.columns.length], "int32"
        )
        maps = tuple(
            tuple(_cut(m, tile, stride) for m in targets[: kind.maps]) + targets[kind.maps :]
            for stride, targets, (_, kind) in zip(
                strides, self._deep.targets, self._deep.structure, strict=True
            )
        )
        return images_01[:, tile.rows.seen, tile.columns.seen], own, maps


def activations(
    backbone: Backbone,
    layers: Sequence[str],
    images_01: np.ndarray,
    progress: Progress | None = None,
    whole: int = WHOLE,
) -> Iterator[tuple[tiling.Tile, dict[str, np.ndarray]]]:
    """Computes layers of an image of any size, tile by tile with bounded memory.

    Yields:
        Every tile with the part of each layer that it answers for, `{layer: (1, h, w, C) float32}`; the
        layer of the whole image is these parts side by side. An image up to `whole` px is one tile.

    Raises:
        Cancelled: before a tile, if a user asked to stop.
    """
    height, width = images_01.shape[1:3]
    side, halo = (whole, 0) if max(height, width) <= whole else (TILE, HALO)
    compute = _forward_graph(backbone.features(layers))
    for tile in tiling.tiles(height, width, side, halo):
        if progress is not None:
            progress.check()
        found = compute(images_01[:, tile.rows.seen, tile.columns.seen])
        yield tile, {layer: _own(found[layer], tile, backbone.spec.strides[layer]) for layer in layers}


def _own(activation: Any, tile: tiling.Tile, stride: int) -> np.ndarray:
    rows, columns = tile.rows.own(stride), tile.columns.own(stride)
    top, left = tile.rows.seen_start // stride, tile.columns.seen_start // stride
    shifted = slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left)
    return np.asarray(activation)[:, shifted[0], shifted[1]]


class _Part:
    """Some terms of an objective, taken apart into what a graph is built from and what it is given."""

    def __init__(self, terms: tuple[Term, ...]):
        self.structure: Structure = tuple((term.layer, term.kind) for term in terms)
        self.weights = np.array([term.weight for term in terms], "float32")
        self.targets = tuple(tuple(np.asarray(t, "float32") for t in term.targets) for term in terms)


def _cut(array: np.ndarray, tile: tiling.Tile, stride: int) -> np.ndarray:
    rows, columns = tile.rows.seen, tile.columns.seen
    return array[
        :, rows.start // stride : rows.stop // stride, columns.start // stride : columns.stop // stride
    ]


@lru_cache(maxsize=16)
def _forward_graph(extractor: keras.Model) -> Callable:
    return compiled(lambda images_01: extractor(images_01))


@lru_cache(maxsize=16)
def _whole_graph(extractor: keras.Model | None, structure: Structure) -> Callable:
    def weighted(images_01, weights, targets):
        features = _features(extractor, images_01)
        terms = [value(kind, features[layer], t) for (layer, kind), t in zip(structure, targets, strict=True)]
        return _weighted(terms, weights), tuple(terms)

    return compiled(value_and_grad(weighted))


@lru_cache(maxsize=16)
def _value_graph(extractor: keras.Model | None, structure: Structure) -> Callable:
    def weighted(images_01, weights, targets):
        features = _features(extractor, images_01)
        terms = [value(kind, features[layer], t) for (layer, kind), t in zip(structure, targets, strict=True)]
        return _weighted(terms, weights)

    return compiled(weighted)


@lru_cache(maxsize=4)
def _tile_graphs(extractor: keras.Model, structure: Structure, strides: tuple[int, ...]):
    def gather(images_01, own, targets):
        features = _features(extractor, images_01)
        return tuple(
            kind.gather(*_owned(features[layer], t, kind.maps, own, stride))
            for (layer, kind), t, stride in zip(structure, targets, strides, strict=True)
        )

    def finish(sums, weights, targets, counts):
        channels = [_channels(extractor, layer) for layer, _ in structure]
        terms = [
            kind.finish(sums[i], counts[i], channels[i], targets[i]) for i, (_, kind) in enumerate(structure)
        ]
        return _weighted(terms, weights), tuple(terms)

    def pull(images_01, own, targets, slopes):
        from keras import ops

        sums = gather(images_01, own, targets)
        return sum(ops.sum(slope * found) for slope, found in zip(slopes, sums, strict=True)), ()

    return compiled(gather), compiled(value_and_grad(finish)), compiled(value_and_grad(pull))


def _features(extractor: keras.Model | None, images_01) -> dict[str, Any]:
    found = as_float32(extractor(images_01)) if extractor is not None else {}
    return {**found, IMAGE: images_01}


def _channels(extractor: keras.Model, layer: str) -> int:
    return extractor.output[layer].shape[-1]


def _weighted(terms: list, weights):
    from keras import ops

    return ops.sum(ops.stack(terms) * weights)


def _owned(features, targets: tuple, maps: int, own, stride: int):
    """Blanks what other tiles answer for: a sum over places does not see zeros."""
    from keras import ops

    _, height, width, _ = ops.shape(features)
    rows, columns = ops.arange(height), ops.arange(width)
    top, left = own[0] // stride, own[2] // stride
    bottom, right = (own[0] + own[1]) // stride, (own[2] + own[3]) // stride
    tall = ops.cast(ops.logical_and(rows >= top, rows < bottom), "float32")
    wide = ops.cast(ops.logical_and(columns >= left, columns < right), "float32")
    mask = (tall[:, None] * wide[None, :])[None, :, :, None]
    return features * mask, tuple(t * mask if i < maps else t for i, t in enumerate(targets))

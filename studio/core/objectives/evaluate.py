"""Computes the value and gradient of an objective at an image.

Graphs are compiled once for images of any size and shared by all objectives of the same structure. Targets
and weights are arguments, so a warm worker compiles nothing for its next job.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from studio.core.imaging import tiling
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.objectives.losses import Loss
from studio.core.objectives.terms import IMAGE, Objective
from studio.core.progress import Progress
from studio.core.training.precision import cast_to_float32

if TYPE_CHECKING:
    import keras

    from studio.core.objectives.backbones import Backbone

MAX_SIDE = 1024  # px, longest side without tiles; tiles bound the memory of larger images
ANY_SIZE = sys.maxsize  # `max_side` for backbones other than VGG16, whose strides the tiles do not fit
TILE = 768  # px, side of a tile without its halo
HALO = 80  # px, a multiple of 16 above the receptive field radius of VGG16 up to block5_conv1 (73 px)

Structure = tuple[tuple[str, Loss], ...]  # layer and loss of each term


class Evaluation(NamedTuple):
    """Value and gradient of an objective at an image.

    Attributes:
        value: weighted sum of the terms.
        gradient: gradient of `value` with respect to the image, `(1, H, W, 3) float32`.
    """

    value: float
    gradient: np.ndarray


class Evaluator:
    """Computes the value and gradient of an objective at one image after another.

    Args:
        backbone: computes the layers.
        objective: objective whose targets fit the size of the images.
    """

    def __init__(self, backbone: Backbone, objective: Objective):
        self._extractor = backbone.build_extractor(objective.layers) if objective.layers else None
        self._structure: Structure = tuple((term.layer, term.loss) for term in objective.terms)
        self._arguments = (
            np.array([term.weight for term in objective.terms], "float32"),
            tuple(tuple(np.asarray(t, "float32") for t in term.targets) for term in objective.terms),
        )

    def __call__(self, images_01: np.ndarray) -> Evaluation:
        """Returns the value and gradient at an image.

        Args:
            images_01: `(1, H, W, 3) float32`, in [0, 1] or slightly beyond.
        """
        compute = _compile_gradient(self._extractor, self._structure)
        value, _, gradient = compute(images_01, *self._arguments)
        return Evaluation(float(value), np.asarray(gradient))

    def compute_value(self, images_01: np.ndarray) -> float:
        """Returns the weighted sum without its gradient, a third of the cost."""
        return float(_compile_value(self._extractor, self._structure)(images_01, *self._arguments))


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
        activations = compute(images_01[:, tile.rows.window, tile.columns.window])
        parts = {}
        for layer in layers:
            stride = backbone.spec.strides[layer]
            rows, columns = tile.rows.inner_slice(stride), tile.columns.inner_slice(stride)
            parts[layer] = np.asarray(activations[layer])[:, rows, columns]
        yield tile, parts


@lru_cache(maxsize=16)
def _compile_forward(extractor: keras.Model) -> Callable:
    return compile_function(lambda images_01: extractor(images_01))


@lru_cache(maxsize=16)
def _compile_gradient(extractor: keras.Model | None, structure: Structure) -> Callable:
    evaluate = _make_evaluation(extractor, structure)
    return compile_function(value_and_grad(lambda *arguments: (evaluate(*arguments), ())))


@lru_cache(maxsize=16)
def _compile_value(extractor: keras.Model | None, structure: Structure) -> Callable:
    return compile_function(_make_evaluation(extractor, structure))


def _make_evaluation(extractor: keras.Model | None, structure: Structure) -> Callable:
    """Returns a function from an image, weights and targets to the weighted sum of the terms."""
    from keras import ops

    def evaluate(images_01, weights, targets):
        features = cast_to_float32(extractor(images_01)) if extractor is not None else {}
        features = {**features, IMAGE: images_01}
        terms = [
            loss(features[layer], term_targets)
            for (layer, loss), term_targets in zip(structure, targets, strict=True)
        ]
        return ops.sum(ops.stack(terms) * weights)

    return evaluate

"""What an optimised picture is judged by: styles, content and smoothness, through VGG16."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluation, activations
from studio.core.objectives.terms import Objective, content, style, total_variation
from studio.core.pictures import images
from studio.core.progress import Progress
from studio.style.optimise import masks
from studio.style.optimise.scene import Scene

STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
CONTENT_LAYER = "block4_conv2"


@dataclass(frozen=True)
class Optimised:
    """What an optimisation reached.

    Attributes:
        images_01: `(1, h, w, 3) float32 in [0, 1]`, the best found, of the size of the last scale begun.
        losses: by name, at the last scale begun.
        passes: evaluations done, at all scales.
        cancelled: whether a person stopped it.
    """

    images_01: np.ndarray
    losses: dict[str, float]
    passes: int
    cancelled: bool


class Pull(NamedTuple):
    """How strongly the parts of an objective pull.

    Attributes:
        content: weight of the content.
        smoothness: weight of the total variation; None leaves it out.
        style: from the photo's own Gram matrices, 0, to the styles', 1.
    """

    content: float
    smoothness: float | None
    style: float = 1.0


def content_weight(strength: float) -> float:
    """How much the content counts against the styles: 0.055 at the default strength of 0.8, least at 1."""
    return 0.2 * (1.0 - strength) / strength + 0.005


def objective(
    scene: Scene, backbone: Backbone, size: int, progress: Progress | None = None, pull: Pull | None = None
) -> Objective:
    """Styles, content and total variation of a scene at a size, as one objective to descend.

    Args:
        pull: how strongly each counts; None for what the first painter takes at the scene's strength.

    Raises:
        Cancelled: between two tiles, if a person asked to stop.
    """
    progress = progress or Progress()
    pull = pull or Pull(content_weight(scene.settings.strength), scene.settings.smoothness)
    content_01 = scene.content_01(size)
    target = _assembled(backbone, CONTENT_LAYER, content_01, progress)
    goal = pull.content * content(CONTENT_LAYER, target)
    if pull.smoothness is not None:
        goal += pull.smoothness * total_variation()
    styles = [grams(backbone, style_01, progress) for style_01 in scene.styles_01(size)]
    if pull.style < 1 and not scene.masks:  # the photo's own look is everywhere, not in a style's place
        own = grams(backbone, content_01, progress)
        styles = [
            {name: own[name] + pull.style * (gram[name] - own[name]) for name in own} for gram in styles
        ]
    for layer in STYLE_LAYERS:
        found = [gram[layer] for gram in styles]
        goal += 1.0 / len(STYLE_LAYERS) * _style(scene, backbone, layer, found, content_01.shape)
    return goal


def named(goal: Objective, evaluation: Evaluation) -> dict[str, float]:
    """The losses of a goal by name: `total`, `style`, `content`, `smoothness`, each layer, and more."""
    losses = dict.fromkeys(("total", "style", "content", "smoothness", *STYLE_LAYERS), 0.0)
    losses["total"] = evaluation.value
    contents = sum(term.name == "content" for term in goal.terms)  # one for each size that it is judged at
    for term, number in zip(goal.terms, evaluation.terms, strict=True):
        if term.name == "style":
            losses["style"] += term.weight * number
            losses[term.layer] += term.weight * number * len(STYLE_LAYERS)
        elif term.name == "content":
            losses["content"] += number / contents
        elif term.name == "total_variation":
            losses["smoothness"] += number
        else:  # what is asked of the colours themselves
            losses[term.name] = losses.get(term.name, 0.0) + term.weight * number
    return losses


def grams(
    backbone: Backbone, images_01: np.ndarray, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """The Gram matrix of every style layer, `{layer: (C, C) float32}`, as `objectives.gram_matrix`.

    Args:
        images_01: `(1, H, W, 3) float32 in [0, 1]`, of any size; large ones are read in tiles.
    """
    sums: dict[str, np.ndarray] = {}
    sizes: dict[str, int] = {}
    for _, found in activations(backbone, STYLE_LAYERS, images_01, progress):
        for layer, features in found.items():
            flat = features.reshape(-1, features.shape[-1])
            sums[layer] = sums.get(layer, 0.0) + flat.T @ flat
            sizes[layer] = sizes.get(layer, 0) + flat.size
    return {layer: sums[layer] / sizes[layer] for layer in STYLE_LAYERS}


def small_grams(backbone: Backbone, images_01: np.ndarray, side: int = 16) -> dict[str, list[list[float]]]:
    """Gram matrices to look at, `{layer: side x side numbers in [0, 1]}`: neighbouring channels averaged.

    Args:
        images_01: `(1, H, W, 3) float32 in [0, 1]`; read at 256 px, which is enough for the eye.
    """
    small = images.to_01(images.fit(images.to_uint8(images_01), 256))
    found = {}
    for layer, gram in grams(backbone, small).items():
        step = len(gram) // side
        blocks = gram.reshape(side, step, side, step).mean(axis=(1, 3))
        found[layer] = np.round(blocks / blocks.max(), 3).tolist()
    return found


def _style(
    scene: Scene, backbone: Backbone, layer: str, styles: list[np.ndarray], shape: tuple[int, ...]
) -> Objective:
    """One mixed Gram matrix for all styles, or, with masks, one term for each style in its place."""
    if not scene.masks:
        return style(layer, sum(share * gram for share, gram in zip(scene.shares, styles, strict=True)))
    stride, found = backbone.spec.strides[layer], Objective()
    for share, mask, gram in zip(scene.shares, scene.masks, styles, strict=True):
        place = masks.at(mask, shape[1] // stride, shape[2] // stride)[None, ..., None]
        found += share * style(layer, gram, place)
    return found


def _assembled(backbone: Backbone, layer: str, images_01: np.ndarray, progress: Progress) -> np.ndarray:
    stride, channels = backbone.spec.strides[layer], backbone.spec.layers[layer]
    _, height, width, _ = images_01.shape
    whole = np.empty((1, height // stride, width // stride, channels), "float32")
    for tile, found in activations(backbone, (layer,), images_01, progress):
        whole[:, tile.rows.own(stride), tile.columns.own(stride)] = found[layer]
    return whole

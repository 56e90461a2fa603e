"""The objective of a dream: its layers and channels, a guide, and what holds the image together."""

from __future__ import annotations

import numpy as np

from studio.core.imaging import image_io
from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import ANY_SIZE, activations
from studio.core.objectives.terms import Objective, channel, color, guide, layer, total_variation
from studio.dream.settings import DreamSettings

GUIDE_PLACES = 24  # along the longer side of a layer; more are slow and bring nothing new to match


def objective(
    settings: DreamSettings,
    backbone: Backbone,
    images_01: np.ndarray,
    guided_by: np.ndarray | None = None,
) -> Objective:
    """What to climb from an image.

    Several terms are measured against what their layers answer to this image, so that their weights mean
    the same whether a layer speaks loudly or softly.

    Args:
        images_01: the image at the first octave, `(1, H, W, 3) float32 in [0, 1]`.
        guided_by: an image to grow towards, `(H, W, 3) uint8` of any size, or None.
    """
    wanted = settings.wanted
    loudness = _loudness(backbone, wanted.layers, images_01) if len(wanted.terms) > 1 else {}
    goal = Objective()
    for term in wanted.terms:
        if guided_by is not None:
            single, power = guide(term.layer, _guide(backbone, term.layer, guided_by)), 1
        elif term.channel is not None:
            single, power = channel(term.layer, term.channel), 1
        else:
            single, power = layer(term.layer), 2
        goal += term.weight / loudness.get(term.layer, 1.0) ** power * single
    if settings.smoothness:
        goal -= settings.smoothness * total_variation()
    if settings.hold_colors:
        goal -= settings.hold_colors * color(images_01.mean(axis=(0, 1, 2)))
    return goal


def _loudness(backbone: Backbone, layers: tuple[str, ...], images_01: np.ndarray) -> dict[str, float]:
    """The root mean square of every layer at an image."""
    ((_, found),) = activations(backbone, layers, images_01, whole=ANY_SIZE)
    return {name: float(np.sqrt(np.mean(np.square(values))) + 1e-6) for name, values in found.items()}


def _guide(backbone: Backbone, name: str, image: np.ndarray) -> np.ndarray:
    longest = max(GUIDE_PLACES * backbone.spec.strides[name], 2 * backbone.spec.least)
    small = image_io.to_01(image_io.fit(image, longest))
    ((_, found),) = activations(backbone, (name,), small, whole=ANY_SIZE)
    return found[name]

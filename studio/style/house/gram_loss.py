"""Gram matrices, which house styles are trained to match.

Reference:
    Gatys et al. 2015, arXiv:1508.06576; divided as in Johnson et al. 2016, arXiv:1603.08155.
"""

from __future__ import annotations

import numpy as np

from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import compute_activations
from studio.core.progress import Progress

STYLE_LAYERS = ("block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1")
CONTENT_LAYER = "block4_conv2"


def content_weight(strength: float) -> float:
    """Returns the weight of the content loss: 0.055 at the default strength of 0.8, least at 1."""
    return 0.2 * (1.0 - strength) / strength + 0.005


def compute_grams(
    backbone: Backbone, images_01: np.ndarray, progress: Progress | None = None
) -> dict[str, np.ndarray]:
    """Computes each style layer's Gram matrix: which channels are active together, independent of position.

    They are divided by H * W * C, so that one set of layer weights serves every image size.

    Args:
        images_01: `(1, H, W, 3) float32 in [0, 1]`, of any size; large ones are processed in tiles.

    Returns:
        `{layer: (C, C) float32}`, symmetric, positive semi-definite.
    """
    sums: dict[str, np.ndarray] = {}
    counts: dict[str, int] = {}
    for _, features_by_layer in compute_activations(backbone, STYLE_LAYERS, images_01, progress):
        for layer, features in features_by_layer.items():
            flat = features.reshape(-1, features.shape[-1])
            sums[layer] = sums.get(layer, 0.0) + flat.T @ flat
            counts[layer] = counts.get(layer, 0) + flat.size
    return {layer: sums[layer] / counts[layer] for layer in STYLE_LAYERS}

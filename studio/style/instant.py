"""The instant result: AdaIN, with masks, weights and strength."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from studio.style import adain
from studio.style.scene import Scene


def stylize(scene: Scene, network: adain.AdaIN, size: int) -> np.ndarray:
    """Stylizes a scene in one pass through an encoder and a decoder.

    Args:
        size: the longer side of the result in px.

    Returns:
        `(1, H, W, 3) float32 in [0, 1]`.

    Reference:
        Huang and Belongie 2017, arXiv:1703.06868.
    """
    content_01 = scene.content_01(size)
    features = _encode(network, content_01.tobytes(), content_01.shape)
    styles = [_encode(network, s.tobytes(), s.shape) for s in scene.styles_01(size)]
    shares = scene.masks_at(*features.shape[1:3]) if scene.masks else scene.shares
    mixed = adain.transfer_statistics(features, styles, shares, scene.settings.strength)
    return np.asarray(network.decode(mixed, *content_01.shape[1:3]))


@lru_cache(maxsize=6)  # when only the strength changes, content and styles are not encoded again
def _encode(network: adain.AdaIN, pixels: bytes, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(network.encode(np.frombuffer(pixels, "float32").reshape(shape)))

"""What networks take for the levels of a picture, each as a mix of its colours."""

from __future__ import annotations

from typing import Any

import numpy as np

BRIGHT = (0.299, 0.587, 0.114)  # how bright each colour seems, for networks that take grey pictures
# Levels from 0 to 255 -> (turned from RGB to BGR, multiplied by, moved by), as each way of training had them.
SCALES: dict[str, tuple[bool, Any, Any]] = {
    "0-255": (False, 1.0, 0.0),
    "0-1": (False, 1 / 255, 0.0),
    "-1-1": (False, 1 / 127.5, -1.0),
    "imagenet-caffe": (True, 1.0, (-103.939, -116.779, -123.68)),
    "imagenet-torch": (
        False,
        tuple(1 / (255 * spread) for spread in (0.229, 0.224, 0.225)),
        tuple(-mean / spread for mean, spread in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))),
    ),
}


def of_grey(levels: str) -> str:
    """The levels of a grey picture: ImageNet's ways are of colours, so that they say nothing of it."""
    turned, scale, _ = SCALES[levels]
    return levels if isinstance(scale, float) and not turned else "0-255"


def mix(levels: str, channels: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels as a mix of colours from 0 to 255: `rgb @ kernel + bias`.

    Args:
        levels: one of `SCALES`.
        channels: that the network takes, 3 or 1.

    Returns:
        `(3, channels)` and `(channels,)`, both float32.
    """
    turned, scale, offset = SCALES[levels if channels == 3 else of_grey(levels)]
    colours = np.eye(3)[:, ::-1] if turned else np.eye(3)
    kernel = colours if channels == 3 else np.array(BRIGHT)[:, None]
    return (kernel * np.asarray(scale)).astype("float32"), np.broadcast_to(offset, channels).astype("float32")

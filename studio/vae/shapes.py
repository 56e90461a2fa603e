"""Shapes that the Keras networks and their TFLite versions share; importing this loads no Keras."""

from __future__ import annotations

from studio.core.generators.scales import count_halvings
from studio.vae.settings import TrainVaeSettings

KERNEL_SIDE = 4  # px, of the strided convolutions
NEGATIVE_SLOPE = 0.2  # of the encoder's leaky ReLUs


def encoder_channels(settings: TrainVaeSettings) -> list[int]:
    """Returns the channels after each halving: [w, 2w, 4w, 4w]."""
    return [settings.width * min(4, 2**n) for n in range(count_halvings(settings.size))]


def decoder_channels(settings: TrainVaeSettings) -> list[int]:
    """Returns the channels after each doubling: [4w, 2w, w, w / 2]."""
    return [*encoder_channels(settings)[-2::-1], max(8, settings.width // 2)]

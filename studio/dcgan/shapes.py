"""Shapes that the Keras generator and its TFLite version share; importing this loads no Keras."""

from __future__ import annotations

from studio.core.generators.scales import count_halvings
from studio.dcgan.settings import TrainDcganSettings

UPSAMPLING_KERNEL = 4  # px, side of the kernels of the transposed convolutions
RESIDUAL_KERNEL = 3  # px, side of the kernels of the residual blocks
CLASS_DIM = 32  # length of the embedding of a class
PALETTE_UNITS = 128  # of the hidden layer between latent vector and palette


def list_widths(settings: TrainDcganSettings) -> list[int]:
    """Returns the channels of the feature maps at each resolution, the coarsest first: [8w, 4w, 2w, w]."""
    return [settings.width * 2**n for n in reversed(range(count_halvings(settings.size)))]

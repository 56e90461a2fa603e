"""Estimates the seconds and memory of training a variational autoencoder."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import vgg16_pixel_share
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.vae.settings import TrainVaeSettings

_IMAGE = 0.0097  # s per image of 64 px and training step, at the width below, on two cores
_WIDTH = 48
_GROWTH = 1.6  # exponent of the width: doubling it costs less than four times as much
_PERCEPTUAL_FACTOR = 10.0  # factor with a perceptual loss
_DISCRIMINATOR = 0.010  # s more per image with a discriminator, at any width
_VGG16_DISCRIMINATOR = 0.03  # s more with a VGG16-feature discriminator
_BASE, _WEIGHTS = 1.5 * 2**30, 0.06 * 2**30  # bytes, of Keras and images, and of the weights
_IMAGE_BYTES, _VGG16_BYTES = 1.7e-3 * 2**30, 2.8e-3 * 2**30  # per image of a batch
_DISCRIMINATOR_BYTES = 4e-3 * 2**30  # per image of a batch


def estimate_seconds(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on two cores. Loads no Keras."""
    image = _IMAGE * (settings.size / 64) ** 2 * (settings.width / _WIDTH) ** _GROWTH
    image *= _PERCEPTUAL_FACTOR if settings.perceptual else 1
    if settings.adversarial:
        image += _DISCRIMINATOR * (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        image += _VGG16_DISCRIMINATOR * vgg16_pixel_share(settings.size)
    learning = settings.steps * settings.batch * image
    return learning + (
        durations.SCORED * (3 * settings.scored + comparison.COPY_CHECK_IMAGES) if settings.scored else 0
    )


def estimate_bytes(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training. Loads no Keras."""
    wide = settings.width / _WIDTH
    image = _IMAGE_BYTES * wide + (_VGG16_BYTES if settings.perceptual else 0)
    image += _DISCRIMINATOR_BYTES if settings.adversarial else 0
    image *= (settings.size / 64) ** 2
    image += 2 * _VGG16_BYTES * vgg16_pixel_share(settings.size) if settings.vgg16_discriminator else 0
    return _BASE + _WEIGHTS * wide**2 + settings.batch * image

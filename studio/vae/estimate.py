"""Estimates the seconds and memory of training a variational autoencoder."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import vgg16_pixel_share
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.vae.settings import TrainVaeSettings

_REFERENCE_WIDTH = 48
_WIDTH_EXPONENT = 1.6  # twice as wide costs less than four times as much
_IMAGE_SECONDS = 0.0097  # per image of 64 px and step at the reference width, on two cores
_PERCEPTUAL_FACTOR = 10.0  # factor with a perceptual loss
_DISCRIMINATOR_SECONDS = 0.010  # additional seconds per image of 64 px with a discriminator
_VGG16_SECONDS = 0.03  # additional seconds per image of 64 px with a VGG16-feature discriminator
_BASE_BYTES = 1.5 * 2**30  # Keras and images
_WEIGHT_BYTES = 0.06 * 2**30  # at the reference width
_IMAGE_BYTES = 1.7e-3 * 2**30  # per image of a batch
_VGG16_BYTES = 2.8e-3 * 2**30  # VGG16's features, per image of a batch
_DISCRIMINATOR_BYTES = 4e-3 * 2**30  # per image of a batch


def estimate_seconds(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training on two cores. Loads no Keras."""
    image_seconds = (
        _IMAGE_SECONDS * (settings.size / 64) ** 2 * (settings.width / _REFERENCE_WIDTH) ** _WIDTH_EXPONENT
    )
    image_seconds *= _PERCEPTUAL_FACTOR if settings.perceptual else 1
    if settings.adversarial:
        image_seconds += _DISCRIMINATOR_SECONDS * (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        image_seconds += _VGG16_SECONDS * vgg16_pixel_share(settings.size)
    seconds = settings.steps * settings.batch * image_seconds
    if settings.scored:
        scored_images = 3 * settings.scored + comparison.COPY_CHECK_IMAGES
        seconds += durations.INCEPTIONV3_SECONDS * scored_images
    return seconds


def estimate_bytes(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training. Loads no Keras."""
    width_factor = settings.width / _REFERENCE_WIDTH
    image_bytes = _IMAGE_BYTES * width_factor + (_VGG16_BYTES if settings.perceptual else 0)
    image_bytes += _DISCRIMINATOR_BYTES if settings.adversarial else 0
    image_bytes *= (settings.size / 64) ** 2
    image_bytes += 2 * _VGG16_BYTES * vgg16_pixel_share(settings.size) if settings.vgg16_discriminator else 0
    return _BASE_BYTES + _WEIGHT_BYTES * width_factor**2 + settings.batch * image_bytes

"""Estimates of the time and the memory of DCGAN training."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import vgg16_pixel_share
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.dcgan import upscaling
from studio.dcgan.settings import TrainDcganSettings

_REFERENCE_WIDTH, _REFERENCE_DISCRIMINATOR_WIDTH = 40, 32
_WIDTH_EXPONENT = 1.6  # twice as wide costs less than four times as much
_IMAGE_SECONDS = 0.0085  # per image of 64 px and step at the reference widths, on two cores
_BLOCK_SHARE = 0.7  # additional share of the generator's time for each residual block
_PALETTE_SHARE = 0.3  # additional share of the generator's time for a palette
_FILTER_SECONDS = 0.0012  # additional seconds per image of 64 px for a bilateral filter
_VGG16_SECONDS = 0.025  # additional seconds per image of 64 px for the VGG16-feature discriminator
_UPSCALING_SHARE = 0.2  # time per image of upscaling training, which has only the finest layers, to a step's
_BASE_BYTES = 1.62 * 2**30  # Keras and images
_WEIGHT_BYTES = 0.29 * 2**30  # both networks at the reference widths
_IMAGE_BYTES = 1.4e-3 * 2**30  # per image of a batch
_FILTER_BYTES = 5e-3 * 2**30  # additional bytes per image of a batch for a bilateral filter
_VGG16_WEIGHT_BYTES = 0.12 * 2**30
_VGG16_IMAGE_BYTES = 6e-3 * 2**30  # VGG16's features, per image of a batch


def estimate_seconds(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """Returns about how many seconds a training run takes on two cores. Loads no Keras."""
    generator_factor = 1 + _BLOCK_SHARE * settings.blocks + _PALETTE_SHARE * bool(settings.palette)
    width_factor = (
        generator_factor * (settings.width / _REFERENCE_WIDTH) ** _WIDTH_EXPONENT
        + (settings.discriminator_width / _REFERENCE_DISCRIMINATOR_WIDTH) ** _WIDTH_EXPONENT
    )
    image_seconds = _IMAGE_SECONDS * width_factor / 2 + (_FILTER_SECONDS if settings.bilateral else 0)
    image_seconds *= (settings.size / 64) ** 2
    upscaled_images = upscaling.count_upscaling_steps_before(settings, inputs) * upscaling.BATCH
    seconds = upscaled_images * _UPSCALING_SHARE * image_seconds
    if settings.vgg16_discriminator:
        image_seconds += _VGG16_SECONDS * vgg16_pixel_share(settings.size)
    seconds += settings.steps * settings.batch * image_seconds
    if not settings.scored:
        return seconds
    test_images = comparison.TEST_IMAGES * (settings.steps // settings.test_every)
    scored_images = 2 * settings.scored + comparison.COPY_CHECK_IMAGES + test_images
    return seconds + durations.INCEPTIONV3_SECONDS * scored_images


def estimate_bytes(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """Returns about how many bytes of memory a training run takes. Loads no Keras."""
    widths = (
        settings.width / _REFERENCE_WIDTH,
        settings.discriminator_width / _REFERENCE_DISCRIMINATOR_WIDTH,
    )
    base_bytes, image_bytes = _BASE_BYTES, _IMAGE_BYTES * sum(widths) / 2
    image_bytes += _FILTER_BYTES if settings.bilateral else 0
    image_bytes *= (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        base_bytes += _VGG16_WEIGHT_BYTES
        image_bytes += _VGG16_IMAGE_BYTES * vgg16_pixel_share(settings.size)
    return base_bytes + _WEIGHT_BYTES * sum(width**2 for width in widths) / 2 + settings.batch * image_bytes

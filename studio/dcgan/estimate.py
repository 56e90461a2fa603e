"""Estimates of the time and the memory of DCGAN training."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import vgg16_pixel_share
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.dcgan import enlarging
from studio.dcgan.settings import TrainDcganSettings

_IMAGE = 0.0085  # seconds per image of 64 px and step at the widths below, on two cores
_WIDTH, _DISCRIMINATOR = 40, 32
_BLOCK, _PALETTE = 0.7, 0.3  # additional share of the generator's time for each residual block, for a palette
_FILTERED = 0.0012  # additional seconds per image of 64 px for a bilateral filter
_ENLARGED = 0.2  # share of an image's time in a step that upscaling training takes, in the finest layers only
_GROWTH = 1.6  # exponent of the width: twice as wide costs less than four times as much
_SEEN_BY_VGG16 = 0.025  # additional seconds per image of 64 px for the VGG16-feature discriminator
_BASE = 1.62 * 2**30  # bytes of Keras and images
_WEIGHTS = 0.29 * 2**30  # bytes of both networks
_IMAGE_BYTES = 1.4e-3 * 2**30  # bytes per image of a batch
_FILTERED_BYTES = 5e-3 * 2**30  # bytes per image of a batch for a bilateral filter
_VGG16, _VGG16_BYTES = 0.12 * 2**30, 6e-3 * 2**30  # bytes of VGG16's weights, and of its features per image


def estimate_seconds(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """Returns about how many seconds a training run takes on two cores. Loads no Keras."""
    richer = 1 + _BLOCK * settings.blocks + _PALETTE * bool(settings.palette)
    wide = (
        richer * (settings.width / _WIDTH) ** _GROWTH
        + (settings.discriminator_width / _DISCRIMINATOR) ** _GROWTH
    )
    image = _IMAGE * wide / 2 + (_FILTERED if settings.bilateral else 0)
    image *= (settings.size / 64) ** 2
    enlarged = enlarging.upscaling_steps_before(settings, inputs) * enlarging.BATCH
    learning = enlarged * _ENLARGED * image
    if settings.vgg16_discriminator:
        image += _SEEN_BY_VGG16 * vgg16_pixel_share(settings.size)
    learning += settings.steps * settings.batch * image
    if not settings.scored:
        return learning
    tested = comparison.TEST_IMAGES * (settings.steps // settings.test_every)
    return learning + durations.SCORED * (2 * settings.scored + comparison.COPY_CHECK_IMAGES + tested)


def estimate_bytes(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """Returns about how many bytes of memory a training run takes. Loads no Keras."""
    widths = (settings.width / _WIDTH, settings.discriminator_width / _DISCRIMINATOR)
    base, image = _BASE, _IMAGE_BYTES * sum(widths) / 2
    image += _FILTERED_BYTES if settings.bilateral else 0
    image *= (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        base, image = base + _VGG16, image + _VGG16_BYTES * vgg16_pixel_share(settings.size)
    return base + _WEIGHTS * sum(wide**2 for wide in widths) / 2 + settings.batch * image

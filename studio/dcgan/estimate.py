"""How long it takes to train a DCGAN, and how much memory."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import pixels_seen
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.dcgan import enlarging
from studio.dcgan.settings import TrainDcganSettings

_IMAGE = 0.0085  # s an image of 64 px in a step of the widths below, on two cores
_WIDTH, _DISCRIMINATOR = 40, 32
_BLOCK, _PALETTE = 0.7, 0.3  # what each residual block, and a palette, add to the generator
_FILTERED = 0.0012  # s an image of 64 px besides, where it ends in a bilateral filter
_ENLARGED = 0.2  # of the time of an image in a step: learning to enlarge it, by the finest layers alone
_GROWTH = 1.6  # twice as wide costs less than four times as much
_SEEN_BY_VGG16 = 0.025  # s an image of 64 px besides, where a discriminator looks through that
_BASE = 1.62 * 2**30  # bytes, of Keras and images
_WEIGHTS = 0.29 * 2**30  # of both networks
_IMAGE_BYTES = 1.4e-3 * 2**30  # of each of a batch
_FILTERED_BYTES = 5e-3 * 2**30  # likewise
_VGG16, _VGG16_BYTES = 0.12 * 2**30, 6e-3 * 2**30  # of its weights, and of what it sees in each image


def usual(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """About how many seconds a training run takes on two cores. Loads no Keras."""
    richer = 1 + _BLOCK * settings.blocks + _PALETTE * bool(settings.palette)
    wide = (
        richer * (settings.width / _WIDTH) ** _GROWTH
        + (settings.discriminator_width / _DISCRIMINATOR) ** _GROWTH
    )
    image = _IMAGE * wide / 2 + (_FILTERED if settings.bilateral else 0)
    image *= (settings.size / 64) ** 2
    enlarged = enlarging.steps_before(settings, inputs) * enlarging.BATCH
    learning = enlarged * _ENLARGED * image
    if settings.vgg16_discriminator:
        image += _SEEN_BY_VGG16 * pixels_seen(settings.size)
    learning += settings.steps * settings.batch * image
    if not settings.scored:
        return learning
    tested = comparison.ON_THE_WAY * (settings.steps // settings.test_every)
    return learning + durations.SCORED * (2 * settings.scored + comparison.NEAR_SEEN + tested)


def needs(settings: TrainDcganSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a training run takes. Loads no Keras."""
    widths = (settings.width / _WIDTH, settings.discriminator_width / _DISCRIMINATOR)
    base, image = _BASE, _IMAGE_BYTES * sum(widths) / 2
    image += _FILTERED_BYTES if settings.bilateral else 0
    image *= (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        base, image = base + _VGG16, image + _VGG16_BYTES * pixels_seen(settings.size)
    return base + _WEIGHTS * sum(wide**2 for wide in widths) / 2 + settings.batch * image

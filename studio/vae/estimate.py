"""How long it takes to train a variational autoencoder, and how much memory."""

from __future__ import annotations

from studio.core import durations
from studio.core.generators.scales import pixels_seen
from studio.core.metrics import comparison
from studio.core.tasks import Inputs
from studio.vae.settings import TrainVaeSettings

_IMAGE = 0.0097  # s an image of 64 px in a step of the width below, on two cores
_WIDTH = 48
_GROWTH = 1.6  # twice as wide costs less than four times as much
_SEEN_BY_VGG16 = 10.0  # times as long where VGG16 looks at what is missed
_JUDGED = 0.010  # s more against a discriminator, whatever the width
_SEEN_BY_DISCRIMINATOR = 0.03  # and where a second one looks through VGG16
_BASE, _WEIGHTS = 1.5 * 2**30, 0.06 * 2**30  # bytes, of Keras and images, and of its weights
_IMAGE_BYTES, _VGG16_BYTES = 1.7e-3 * 2**30, 2.8e-3 * 2**30  # of each of a batch
_DISCRIMINATOR_BYTES = 4e-3 * 2**30  # likewise


def usual(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """About how many seconds a training run takes on two cores. Loads no Keras."""
    image = _IMAGE * (settings.size / 64) ** 2 * (settings.width / _WIDTH) ** _GROWTH
    image *= _SEEN_BY_VGG16 if settings.perceptual else 1
    if settings.adversarial:
        image += _JUDGED * (settings.size / 64) ** 2
    if settings.vgg16_discriminator:
        image += _SEEN_BY_DISCRIMINATOR * pixels_seen(settings.size)
    learning = settings.steps * settings.batch * image
    return learning + (
        durations.SCORED * (3 * settings.scored + comparison.NEAR_SEEN) if settings.scored else 0
    )


def needs(settings: TrainVaeSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a training run takes. Loads no Keras."""
    wide = settings.width / _WIDTH
    image = _IMAGE_BYTES * wide + (_VGG16_BYTES if settings.perceptual else 0)
    image += _DISCRIMINATOR_BYTES if settings.adversarial else 0
    image *= (settings.size / 64) ** 2
    image += 2 * _VGG16_BYTES * pixels_seen(settings.size) if settings.vgg16_discriminator else 0
    return _BASE + _WEIGHTS * wide**2 + settings.batch * image

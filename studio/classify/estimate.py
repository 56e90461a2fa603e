"""How much memory it takes to teach classes."""

from __future__ import annotations

from studio.classify.settings import TrainClassifierSettings
from studio.core.tasks import Inputs

_BASE = 0.9 * 2**30  # bytes, of Keras and the network
_PASS = {"resnet50": 0.9 * 2**30, "vgg16": 1.4 * 2**30}  # of looking at a batch of 224 px
_TUNING = 0.5 * 2**30  # of a batch of 32 that is learnt from, and the optimizer


def needs(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """About how many bytes of memory a lesson takes. Loads no Keras.

    The pictures and what the network made of them are on the disk, so their number does not matter.
    """
    share = (settings.size / 224) ** 2
    tuning = _TUNING * settings.blocks * settings.batch / 32 if settings.finetune else 0
    return _BASE + share * (_PASS[settings.backbone] + tuning)

"""Estimates the seconds and memory of style transfer from the pixels its networks process."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.objectives.evaluate import MAX_SIDE
from studio.core.tasks import Inputs
from studio.style.house.settings import TrainStyleSettings
from studio.style.nnst.schedule import first_look, stages
from studio.style.settings import TransferSettings

MEGAPIXEL_PASS = 4.2  # s, on two cores
IN_BFLOAT16 = 0.55  # factor, on processors with native bfloat16
INSTANT, HOUSE = 3.0, 4.0  # s per megapixel, with AdaIN and with a network of house styles
_BASE = 0.85 * 2**30  # bytes, of Keras and a small image
_HOUSE_MEGAPIXEL = 0.5 * 2**30  # of a network of house styles
_INSTANT_MEGAPIXEL, _INSTANT_TILE = 2.8 * 2**30, 0.69  # of AdaIN, and the megapixels of its tiles
_FINE_MEGAPIXEL, _FINE_TILE = 2.9 * 2**30, 0.6  # of VGG16, forward and back
_FEATURES_MEGAPIXEL = 0.7 * 2**30  # the photo's features and their matches
_BANK = 0.4 * 2**30  # a painting's features during matching
_PRACTICE = 1.2 * 2**30  # a network in training
_WINDOW_MEGAPIXEL = 17.0 * 2**30  # of one crop
_BATCH_MEGAPIXEL = 3.15 * 2**30  # of all crops of a batch
_SEEN = 7.0  # s per million pixels that a network of house styles trains on
_STEADY = 1.4  # factor with the steadiness loss, which processes every second photo twice


def usual(settings: TransferSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds on two cores. Loads no Keras."""
    height, width = image_io.size(inputs["content"][0].read())
    shape = height * width / max(height, width) ** 2  # as a share of a square with the longer side
    # House styles take one pass; with masks, one pass per style.
    networks = HOUSE * (len(settings.house) if inputs.get("mask") else 1) if settings.house else INSTANT
    first = networks * first_look(settings) ** 2 / 1e6
    passes = sum(stage.steps * stage.cost for stage in stages(settings))
    each = MEGAPIXEL_PASS * (IN_BFLOAT16 if settings.resolve().precision == "bfloat16" else 1.0)
    return shape * (first + each * passes)


def needs(settings: TransferSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory. Loads no Keras."""
    megapixels = image_io.megapixels(inputs["content"][0].read(), settings.size)
    if settings.house:
        return _BASE + _HOUSE_MEGAPIXEL * megapixels
    instant = _INSTANT_MEGAPIXEL * min(megapixels, _INSTANT_TILE)
    at_once = megapixels if settings.size <= MAX_SIDE else _FINE_TILE
    fine = (
        _FINE_MEGAPIXEL * at_once
        + _FEATURES_MEGAPIXEL * megapixels
        + _BANK * max(1, len(inputs.get("style", ())))
    )
    if not settings.optimizes:
        fine = 0
    return _BASE + max(instant, fine)


def usual_training(settings: TrainStyleSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training house styles on two cores. Loads no Keras."""
    megapixels = settings.steps * settings.batch * settings.size**2 / 1e6
    return megapixels * _SEEN * (_STEADY if settings.steadiness else 1)


def needs_training(settings: TrainStyleSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training house styles. Loads no Keras."""
    views = 2 if settings.steadiness else 1
    window = settings.size**2 / 1e6
    return _PRACTICE + window * (_WINDOW_MEGAPIXEL + _BATCH_MEGAPIXEL * views * settings.batch)

"""Estimates the seconds and memory of style transfer from the pixels its networks process."""

from __future__ import annotations

from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.tasks import Inputs
from studio.style.house.settings import TrainStyleSettings
from studio.style.nnst.schedule import MAX_WHOLE_SIDE, first_look_size, plan_stages
from studio.style.settings import TransferSettings

OPTIMIZE_SECONDS = 4.2  # s per megapixel and step, on two cores
BFLOAT16_FACTOR = 0.55  # on processors with native bfloat16
ADAIN_SECONDS, HOUSE_SECONDS = 3.0, 4.0  # s per megapixel, with AdaIN and with a network of house styles
_BASE_BYTES = 0.85 * 2**30  # bytes, of Keras and a small image
_HOUSE_BYTES = 0.5 * 2**30  # bytes per megapixel, of a network of house styles
_ADAIN_BYTES, _ADAIN_TILE = 2.8 * 2**30, 0.69  # bytes per megapixel of AdaIN, and megapixels of its tiles
_VGG16_BYTES, _VGG16_TILE = 3.8 * 2**30, 0.41  # the same of VGG16, forward and backward
_FEATURES_BYTES = 0.35 * 2**30  # bytes per megapixel, of one map of features
_BANK_BYTES = 0.4 * 2**30  # bytes of a painting's features during matching
_TRAINING_BYTES = 1.2 * 2**30  # bytes of a network in training
_CROP_BYTES = 17.0 * 2**30  # bytes per megapixel of one crop
_BATCH_BYTES = 3.15 * 2**30  # bytes per megapixel of all crops of a batch
_TRAINING_SECONDS = 7.0  # s per million training pixels
_STEADINESS_FACTOR = 1.4  # with the steadiness loss, which processes every second photo twice


def estimate_seconds(settings: TransferSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds on two cores. Loads no Keras."""
    height, width = image_io.read_size(inputs["content"][0].read())
    squareness = height * width / max(height, width) ** 2  # as a share of a square with the longer side
    network_seconds = ADAIN_SECONDS
    if settings.house:  # one pass; with masks, one per style
        network_seconds = HOUSE_SECONDS * (len(settings.house) if task_masks.count(settings, inputs) else 1)
    first_seconds = network_seconds * first_look_size(settings) ** 2 / 1e6
    passes = sum(stage.steps * stage.cost for stage in plan_stages(settings))
    pass_seconds = OPTIMIZE_SECONDS * (BFLOAT16_FACTOR if settings.resolve().precision == "bfloat16" else 1.0)
    return squareness * (first_seconds + pass_seconds * passes)


def estimate_bytes(settings: TransferSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory. Loads no Keras."""
    megapixels = image_io.count_megapixels(inputs["content"][0].read(), settings.size)
    if settings.house:
        return _BASE_BYTES + _HOUSE_BYTES * megapixels
    adain_bytes = _ADAIN_BYTES * min(megapixels, _ADAIN_TILE)
    if not settings.optimizes:
        return _BASE_BYTES + adain_bytes
    vgg16_bytes = _VGG16_BYTES * (megapixels if settings.size <= MAX_WHOLE_SIDE else _VGG16_TILE)
    feature_bytes = _FEATURES_BYTES * megapixels + _BANK_BYTES * max(1, len(inputs.get("style", ())))
    return _BASE_BYTES + max(adain_bytes, vgg16_bytes + feature_bytes)


def estimate_training_seconds(settings: TrainStyleSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of training house styles on two cores. Loads no Keras."""
    megapixels = settings.steps * settings.batch * settings.size**2 / 1e6
    return megapixels * _TRAINING_SECONDS * (_STEADINESS_FACTOR if settings.steadiness else 1)


def estimate_training_bytes(settings: TrainStyleSettings, inputs: Inputs) -> float:
    """Returns the estimated bytes of memory of training house styles. Loads no Keras."""
    views = 2 if settings.steadiness else 1
    crop_megapixels = settings.size**2 / 1e6
    return _TRAINING_BYTES + crop_megapixels * (_CROP_BYTES + _BATCH_BYTES * views * settings.batch)

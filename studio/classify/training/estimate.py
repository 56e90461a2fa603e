"""Estimates the time and the memory of training a classifier."""

from __future__ import annotations

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import features, rate_curve
from studio.core import data
from studio.core.tasks import Inputs

# Seconds to extract the features of an image of 224 px on two idle cores.
# On two busy cores, 3,000 images took three times as long with either network.
_EXTRACTION_SECONDS = {"resnet50": 0.026, "vgg16": 0.095, "efficientnet-lite0": 0.006}
_READ_SECONDS = 0.005  # seconds to read and resize an image
_HEAD_SECONDS = {"linear": 0.0015, "mlp": 0.0155}  # seconds per image to select and fit the head
# Share of the forward pass in one and in two top blocks.
_TOP_SHARES = {"resnet50": (0.21, 0.6), "vgg16": (0.09, 0.39), "efficientnet-lite0": (0.1, 0.25)}
_STEP_COST = 6  # cost of a training step in forward passes, with tests and reading from the disk
_AUGMENTATION_SECONDS = 0.014  # seconds to augment an image of 224 px
_BASE_BYTES = 0.9 * 2**30  # bytes for Keras and the network
# Bytes for a batch of 224 px.
_BATCH_BYTES = {"resnet50": 0.9 * 2**30, "vgg16": 1.4 * 2**30, "efficientnet-lite0": 0.9 * 2**30}
_BYTES_PER_FILE_BYTE = 6  # bytes of memory per byte of an imported model's file
_FINETUNING_BYTES = 0.5 * 2**30  # bytes for training on a batch of 32, and the optimizer


def estimate_seconds(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """Estimates the seconds that training takes on two cores; 0 if unknown. Does not load Keras.

    Images whose features are cached take next to no time.

    Raises:
        InvalidInput: if the dataset was changed, is damaged, or is malicious.
        Unavailable: if the dataset is no longer stored.
    """
    if inputs.get("model"):
        return 0.0
    file = inputs["data"][0]
    dataset = data.find_cached_dataset(file, settings.size)
    count = data.count_files(file) if dataset is None else len(dataset.names)
    missing = count if dataset is None else features.count_missing(dataset, settings.backbone)
    per_image = _EXTRACTION_SECONDS[settings.backbone] * (settings.size / 224) ** 2
    reading = _READ_SECONDS * count if dataset is None else 0.0
    seconds = reading + per_image * missing + _HEAD_SECONDS[settings.head] * count
    if not settings.finetune:
        return seconds
    top_share = _TOP_SHARES[settings.backbone][settings.blocks - 1]
    forward = per_image * (1 - top_share)  # of the frozen part
    train_count = count * (1 - settings.held_out)
    training = per_image * top_share * _STEP_COST * train_count * settings.epochs
    if settings.has_amounts:  # the frozen part runs in each epoch
        augmenting = forward + _AUGMENTATION_SECONDS * (settings.size / 224) ** 2
        return (
            seconds
            + forward * count * settings.held_out
            + augmenting * train_count * settings.epochs
            + training
        )
    return seconds + forward * count * (1 if settings.flip == "off" else 2) + training


def estimate_rate_finder_seconds(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """Estimates the seconds of the learning-rate finder on two cores. See `estimate_seconds`."""
    file = inputs["data"][0]
    dataset = data.find_cached_dataset(file, settings.size)
    count = data.count_files(file) if dataset is None else len(dataset.names)
    epochs = rate_curve.STEPS * settings.batch / max(1.0, count * (1 - settings.held_out))
    change = {"finetune": True, "epochs": max(1, round(epochs))}
    return estimate_seconds(settings.model_copy(update=change), inputs)


def estimate_bytes(settings: TrainClassifierSettings, inputs: Inputs) -> float:
    """Estimates the memory in bytes that training takes. Does not load Keras.

    The number of images does not matter, because images and activations are read from the disk.
    """
    if base_files := inputs.get("model"):
        return _BASE_BYTES + _BYTES_PER_FILE_BYTE * base_files[0].path.stat().st_size
    area_ratio = (settings.size / 224) ** 2
    tuning = _FINETUNING_BYTES * settings.blocks * settings.batch / 32 if settings.finetune else 0
    return _BASE_BYTES + area_ratio * (_BATCH_BYTES[settings.backbone] + tuning)

"""Finds the networks for colorizing; loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.colorize.settings import NO_BACKBONE, ColorizeSettings, TrainColorizeSettings
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.objectives import backbones

TASK = "colorize.train"
DESCRIPTION = "a network for colorizing"
SIDE_MULTIPLE = 16  # px: sides of the network's input are multiples of it
OUTPUT_STRIDE = 4  # pixels of the input for each position of the output
SHAPE_SETTINGS = ("backbone", "width")  # settings that shape the weights
# Layers of a backbone with strides 4, 8, 16 and 32, in pixels of the photo that it sees at twice its size.
BACKBONE_LAYERS: Mapping[str, tuple[str, str, str, str]] = {
    "efficientnet-lite0": ("block2b_add", "block3b_add", "block5c_add", "top_activation"),
}
# Times the settings' width, at a quarter, an eighth and a sixteenth of the sides.
_CHANNEL_FACTORS = (2, 3, 5)


def settings_of(preset: Preset) -> TrainColorizeSettings:
    """Returns the settings of a network. Raises `InvalidInput` if it is another kind of model."""
    return preset.read_settings_as(TrainColorizeSettings, TASK, DESCRIPTION)


def find_network(settings: ColorizeSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    return presets.load_uploaded_or_named(inputs, settings.network, check=settings_of)


def list_widths(settings: TrainColorizeSettings) -> list[int]:
    """Returns the channels at a quarter, an eighth and a sixteenth of the photo's sides."""
    return [factor * settings.width for factor in _CHANNEL_FACTORS]


def list_feature_channels(settings: TrainColorizeSettings) -> list[int]:
    """Returns the channels of the layers of the backbone that a decoder reads; none without a backbone."""
    if settings.backbone == NO_BACKBONE:
        return []
    channels = backbones.find_spec(settings.backbone).layers
    return [channels[layer] for layer in BACKBONE_LAYERS[settings.backbone]]


def count_parameters(settings: TrainColorizeSettings) -> int:
    """Returns the number of parameters that are trained, without loading Keras."""
    width = settings.width
    if settings.backbone == NO_BACKBONE:
        return 1855 * width**2 + 412 * width + 246
    finest, fine, middle, coarse = features = list_feature_channels(settings)
    linear = 392 + 2 * (finest + fine) + 3 * middle + 5 * coarse
    return 813 * width**2 + linear * width + 246 + 2 * sum(features)

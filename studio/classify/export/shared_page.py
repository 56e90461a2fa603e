"""The content of the page that shares a classifier: see `studio.core.share.page`."""

from __future__ import annotations

import math
from pathlib import Path

from studio.classify.models import rejection, trained, whole_network
from studio.core import amounts
from studio.core.errors import InvalidInput
from studio.core.litert import compact, network
from studio.core.models.model_folder import WEIGHTS
from studio.core.models.presets import Preset
from studio.core.objectives.backbones import BACKBONES
from studio.core.share.page import MAX_BYTES, Content

BACKBONE = "efficientnet-lite0"  # the only one whose page is small enough
MAX_WEIGHTS_BYTES = 24_000_000  # float32 weights of a whole network; more never fit into a page
# Rounds weights by at most 0.2%, which makes a page 1 MB smaller.
_MANTISSA_BITS = 8


def check(preset: Preset) -> None:
    """Checks that the page of a classifier is small enough.

    Raises:
        InvalidInput: if it is not, it is another kind of model, or its settings are damaged.
    """
    settings = trained.settings_of(preset)
    if whole_network.side_of(preset):
        path = preset.folder / WEIGHTS
        if not path.is_file() or path.stat().st_size <= MAX_WEIGHTS_BYTES:
            return
        network_text = ""
    elif settings.backbone == BACKBONE:
        return
    else:
        network_text = f" on {BACKBONES[settings.backbone].title}"
    raise InvalidInput(
        f"{preset.name}{network_text} is too large for a page of at most {amounts.format_bytes(MAX_BYTES)}. "
        f"Train it again on {BACKBONES[BACKBONE].title}."
    )


def build_content(preset: Preset) -> Content:
    """Builds the content of the page of a classifier.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
        StudioError: if the network could not be converted.
    """
    classes = trained.classes_of(preset)
    model = compact.store_float16(compact.fix_shapes(network.read_file(preset)), _MANTISSA_BITS)
    return Content(
        f"A classifier of photos with {amounts.format_count(len(classes), 'class', 'classes')}."
        f"{_describe_accuracy(preset)} Choose a photo, drop one, paste one, or start the camera. "
        "It classifies the center of the photo.",
        Path(__file__).with_suffix(".js"),
        {
            "classes": classes,
            "threshold": rejection.read_threshold(preset),
            "independent": trained.is_multi_label(preset),
        },
        {"network": model},
    )


def _describe_accuracy(preset: Preset) -> str:
    """Returns a sentence, with a leading space, on the metric of the test split; "" if it is not stored."""
    evaluation = preset.read_data().get("evaluation")
    key, title = ("accuracy", "test accuracy")
    if trained.is_multi_label(preset):
        key, title = ("mean_average_precision", "mean average precision")
    accuracy, count = (evaluation.get(key), evaluation.get("n")) if isinstance(evaluation, dict) else ("", "")
    if not isinstance(accuracy, int | float) or not math.isfinite(accuracy) or not isinstance(count, int):
        return ""
    return f" Its {title} is {accuracy:.1%}, on {amounts.format_count(count, 'image')}."

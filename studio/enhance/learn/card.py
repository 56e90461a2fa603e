"""Writes the card of a network for upscaling or denoising from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.models import cards
from studio.enhance.settings import CLEAN, SCALES, TrainEnhanceSettings

_TITLE = {"enlarge": "Super-resolution", "clean": "Denoising and JPEG artifact removal"}
_DESCRIPTIONS = {
    "enlarge": "for 2, 3 and 4 times upscaling; its input is lightness only",
    "clean": "for noise of 0 to 55 levels and JPEG quality 5 to 95; both are inputs of the network",
}
_TESTS = {
    "enlarge": "downscaled and upscaled again, measured in lightness",
    "clean": "converted to gray at half the size, then corrupted and restored",
}


def compose(name: str, settings: TrainEnhanceSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: of the training photos.
        settings: of the training run.
        figures: those that `studio.enhance.learn.task.train` returns.
        command: that trains the network.
    """
    patches = figures["steps"] * settings.batch * (1 if settings.to == CLEAN else len(SCALES))
    drawings = f", and {figures['drawings']:,} additional images" if figures["drawings"] else ""
    return cards.compose(
        f"{_TITLE[settings.to]}, trained on {name}",
        f"Data: {name}, {figures['photos']:,} photos of {settings.photo_size} px{drawings}; "
        f"{figures['held_out']:,} photos were held out.",
        f"One network of {figures['parameters']:,} parameters {_DESCRIPTIONS[settings.to]}. "
        f"{cards.describe_photo_training(figures, patches, settings.window, 'patches')}",
        figures,
        command,
        [
            f"Means over {figures['tested_photos']} held-out photos, {_TESTS[settings.to]}."
            f"\n\n{cards.format_table(_list_scores(settings, figures))}"
        ],
    )


def _list_scores(settings: TrainEnhanceSettings, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns the labels and values of the table of scores."""
    if settings.to == CLEAN:
        template, baseline = "PSNR with {}, dB", "damaged"
        suffixes = {"noise of 25 levels": "noise25", "JPEG of quality 20": "jpeg20"}
    else:
        template, baseline = "PSNR at {} times, dB", "bicubic"
        suffixes = {str(scale): f"x{scale}" for scale in SCALES}
    rows = []
    for label, suffix in suffixes.items():
        psnr, before = figures[f"psnr_{suffix}"], figures[f"{baseline}_{suffix}"]
        rows.append((template.format(label), f"{psnr:.2f} ({baseline} {before:.2f})"))
    return rows

"""Writes the card of a network from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.sketch.settings import KINDS, TrainSketchSettings, TrainTranslateSettings, UNetSettings


def compose(name: str, settings: TrainSketchSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: of the avatars.
        settings: of the training run.
        figures: those that `studio.sketch.learn.task.train` returns.
        command: that trains the network.
    """
    rows = [
        (f"mean absolute error on drawings of kind {kind} (0 to 255)", f"{figures[f'off_{kind}']:.1f}")
        for kind in KINDS
    ]
    if "fid" in figures:
        floor = f"{figures['fid']:.1f} (other avatars: {figures['fid_floor']:.1f})"
        rows.append((f"FID, {figures['scored']:,} outlines", floor))
    if "lpips" in figures:
        lpips = f"{figures['lpips']:.3f} (other avatars: {figures['lpips_apart']:.3f})"
        rows.append((f"LPIPS, {figures['scored']:,} outlines", lpips))
    return cards.compose(
        "Paints avatars from drawings",
        f"Data: {name}, {figures['avatars']:,} avatars with sketches of each; {figures['held_out']:,} were "
        "held out.",
        _describe_method(settings, figures, "drawings"),
        figures,
        command,
        [f"On held-out avatars.\n\n{cards.format_table(rows)}"],
    )


def compose_pairs(
    name: str, settings: TrainTranslateSettings, figures: Mapping[str, Any], command: str
) -> str:
    """Returns the card of a network trained on pairs, in Markdown.

    Args:
        name: of the pairs.
        settings: of the training run.
        figures: those that `studio.sketch.learn.pairs_task.train` returns.
        command: that trains the network.
    """
    kinds = ["edges", "photos"] if settings.edges else ["the first image of each pair", "the second"]
    first, second = reversed(kinds) if settings.reverse else kinds
    rows = [
        ("mean absolute error on held-out pairs (0 to 255)", f"{figures['off']:.1f}"),
        ("of the mean training image", f"{figures['mean_off']:.1f}"),
    ]
    return cards.compose(
        f"Translates images as in {name}",
        f"Data: {name}, {figures['pairs']:,} pairs of {settings.size} px, from {first} to {second}; "
        f"{figures['held_out']:,} were held out.",
        _describe_method(settings, figures, "pairs"),
        figures,
        command,
        [cards.format_table(rows)],
    )


def _describe_method(settings: UNetSettings, figures: Mapping[str, Any], unit: str) -> str:
    """Describes the network and its training."""
    return (
        f"A U-Net of {figures['parameters']:,} parameters and a patch discriminator, as in pix2pix "
        "(arXiv:1611.07004), with a hinge loss. "
        f"Trained for {amounts.format_count(figures['steps'], 'step')} of {settings.batch} {unit} in "
        f"{amounts.format_duration(figures['seconds'])}. The weights are their EMA."
    )

"""What the cards of trained models are made of: the command that trains one, tables, an image of it."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.core import amounts
from studio.core.settings import Settings

LICENSE = "License: not stated"  # until someone publishes it
ENDS = {
    "patience": "Training stopped early because the validation loss no longer improved.",
    "cancelled": "Training was stopped early; this is the best checkpoint until then.",
    "nan": "Training stopped because a loss was NaN or infinite; this is the best checkpoint until then.",
    "collapsed": "Training stopped after repeated mode collapse; this is the best checkpoint until then.",
}

_FAVORED = (
    " InceptionV3, whose features FID, KID, precision and recall compare, learned the same ImageNet classes "
    "as VGG16, so they favor this model (arXiv:2203.06026, arXiv:2306.04675)."
)


def command(script: str, data: str, settings: Settings, start: str = "", more: Sequence[str] = ()) -> str:
    """The command that trains a model, with what is not as usual, as a shell takes it.

    Args:
        script: `train_text`.
        data: the name of what it learned from.
        settings: of the training.
        start: the name of the model that it began with, or "".
        more: words that follow the data.
    """
    words = ["python", "-m", f"training.{script}", data, *more, "-o", "DIR"]
    words += ["--start-from", start] if start else []
    for field in settings.described().values():
        value = getattr(settings, field.name)
        if value != field.default:
            bare = field.flag if value else field.flag.replace("--", "--no-", 1)
            words += [bare] if field.kind == "bool" else [field.flag, str(value)]
    return shlex.join(words)


def write(
    title: str,
    data: str,
    method: str,
    figures: Mapping[str, Any],
    command: str,
    results: Sequence[str],
    intro: str = "",
) -> str:
    """The card of a trained model, in Markdown.

    Args:
        title: of the card.
        data: a sentence on what the model learned from.
        method: sentences on the network, and how long it was trained.
        figures: of the training: "ended", "started_from" and "notes" become sentences.
        command: that trains it.
        results: tables and samples.
        intro: a sentence below the title.
    """
    ended = f" {ENDS[figures['ended']]}" if figures.get("ended") else ""
    parts = [
        f"# {title}",
        *([intro] if intro else []),
        f"{data}\n\n{LICENSE}",
        f"{method}{begun(figures)}{ended}\n\n    {command}",
        *figures.get("notes", ()),
        *results,
    ]
    return "\n\n".join(parts) + "\n"


def begun(figures: Mapping[str, Any]) -> str:
    """A sentence, after a blank, on the model that a training began with, and the time of both."""
    if not figures.get("started_from"):
        return ""
    told = f" Training started from the weights of {figures['started_from']}"
    before = figures.get("start_seconds", 0.0)
    return (
        f"{told}; both together took {amounts.duration(before + figures['seconds'])}."
        if before
        else f"{told}."
    )


def vgg16_discriminator(figures: Mapping[str, Any], judged: bool) -> str:
    """A sentence, after a blank, on a VGG16-feature discriminator that trained a model or one that it began
    with; "" if none.

    Args:
        figures: "taught_by" among them names the networks through which a model was judged.
        judged: whether this training had such a discriminator.
    """
    if judged:
        return f" It was trained with a VGG16-feature discriminator.{_FAVORED}"
    taught = "vgg16" in figures.get("taught_by", ())
    told = " The model that it started from was trained with a VGG16-feature discriminator."
    return f"{told}{_FAVORED}" if taught else ""


def trained(figures: Mapping[str, Any], batch: int) -> str:
    """A sentence on how long a model learned from images: steps, so many images at each, and the time."""
    if figures["steps"] == 1 and figures["started_from"]:
        return (
            "The weights are those of the starting model: a single training step was run only to evaluate it."
        )
    steps = f"{amounts.count(figures['steps'], 'step')} of {amounts.count(batch, 'image')}"
    took = amounts.duration(figures["seconds"])
    return f"It was trained for {steps} ({figures['epochs']:.1f} times through the data) in {took}."


def table(rows: Sequence[tuple[str, str]]) -> str:
    """A table of figures in Markdown."""
    return "| figure | value |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def image(
    grid: np.ndarray,
    steps: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    distances: Mapping[str, Sequence[float]] | None = None,
) -> bytes:
    """Draws what a model makes next to how it learned, and how far its images are from those it learned from.

    Args:
        grid: `(H, W, 3) uint8`.
        steps: of each test.
        curves: what was measured at each, by name.
        distances: by whose they are, the distances to the nearest image that was learned from.

    Returns:
        A PNG.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    shown = {name: values for name, values in curves.items() if len(values) == len(steps)}
    rows = len(shown) + bool(distances)
    figure = Figure(figsize=(12, 7), dpi=80, layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.3, 1))[0]
    axes = left.subplots()
    axes.imshow(grid, interpolation="nearest")
    axes.set_axis_off()
    places = right.subplots(max(1, rows), 1, squeeze=False)[:, 0]
    for place, (name, values) in zip(places, shown.items(), strict=False):
        place.plot(steps, values, marker="." if len(steps) < 40 else "")
        place.set_title(name, fontsize=9, loc="left")
        place.tick_params(labelsize=7)
    if distances:
        for whose, values in distances.items():
            places[-1].hist(values, bins=40, alpha=0.6, density=True, label=whose)
        places[-1].set_title("distance to the nearest image learned from", fontsize=9, loc="left")
        places[-1].legend(fontsize=7)
        places[-1].tick_params(labelsize=7)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    made = io.BytesIO()
    # Nothing shines through, and three channels are smaller than four.
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(made, "PNG", optimize=True)
    return made.getvalue()

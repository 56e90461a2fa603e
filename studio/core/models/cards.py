"""Parts of model cards: the training command, tables of metrics and a summary image."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from studio.core import amounts
from studio.core.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCORE_HEADING = "\n## Score\n"
LICENSE = "License: not stated"  # until someone publishes it
ENDING_SENTENCES = {
    "patience": "Training stopped early because the validation loss no longer improved.",
    "cancelled": "Training was stopped early; this is the best checkpoint until then.",
    "nan": "Training stopped because a loss was NaN or infinite; this is the best checkpoint until then.",
    "collapsed": "Training stopped after repeated mode collapse; this is the best checkpoint until then.",
}

_METRIC_BIAS = (
    " InceptionV3, whose features FID, KID, precision and recall compare, learned the same ImageNet classes "
    "as VGG16, so they favor this model (arXiv:2203.06026, arXiv:2306.04675)."
)


def format_command(
    script: str, data: str, settings: Settings, start: str = "", arguments: Sequence[str] = ()
) -> str:
    """Formats the shell command that trains a model, with the settings that differ from their defaults.

    Args:
        script: name of the training script, e.g. `train_text`.
        data: name of the data set.
        settings: settings of the training run.
        start: name of the model that training started from, or "".
        arguments: further arguments after the data set.
    """
    parts = ["python", "-m", f"training.{script}", data, *arguments, "-o", "DIR"]
    parts += ["--start-from", start] if start else []
    for field in settings.describe().values():
        value = getattr(settings, field.name)
        if not settings.is_default(field.name):
            switch = field.flag if value else field.flag.replace("--", "--no-", 1)
            parts += [switch] if field.kind == "bool" else [field.flag, str(value)]
    return shlex.join(parts)


def compose(
    title: str,
    data: str,
    method: str,
    figures: Mapping[str, Any],
    command: str,
    results: Sequence[str],
    intro: str = "",
) -> str:
    """Composes the card of a trained model, in Markdown.

    Args:
        title: title of the card.
        data: a sentence about the training data.
        method: sentences about the network and the length of training.
        figures: metrics of the training run; "ended", "started_from" and "notes" become sentences.
        command: command that trains the model.
        results: tables and samples.
        intro: a sentence below the title.
    """
    ending = f" {ENDING_SENTENCES[figures['ended']]}" if figures.get("ended") else ""
    sections = [
        f"# {title}",
        *([intro] if intro else []),
        f"{data}\n\n{LICENSE}",
        f"{method}{describe_start(figures)}{ending}\n\n    {command}",
        *figures.get("notes", ()),
        *results,
    ]
    return "\n\n".join(sections) + "\n"


def describe_start(figures: Mapping[str, Any]) -> str:
    """Returns a sentence, with a leading space, about the starting model and total time; "" without one."""
    if not figures.get("started_from"):
        return ""
    sentence = f" Training started from the weights of {figures['started_from']}"
    start_seconds = figures.get("start_seconds", 0.0)
    if not start_seconds:
        return f"{sentence}."
    duration = amounts.format_duration(start_seconds + figures["seconds"])
    return f"{sentence}; both together took {duration}."


def describe_classes(figures: Mapping[str, Any]) -> str:
    """Returns a sentence, with a leading space, about the classes of a generator; "" without classes."""
    if not figures["classes"]:
        return ""
    return f" It learned {figures['classes']:,} classes, of which one can be chosen when sampling."


def describe_vgg16_discriminator(figures: Mapping[str, Any], has_discriminator: bool) -> str:
    """Returns a sentence, with a leading space, about training with a VGG16-feature discriminator.

    It is "" if neither this model nor its starting model was trained with one.

    Args:
        figures: metrics of the training run; "taught_by" lists the networks whose features discriminators
            used.
        has_discriminator: whether this training run used a VGG16-feature discriminator.
    """
    if has_discriminator:
        return f" It was trained with a VGG16-feature discriminator.{_METRIC_BIAS}"
    started_from_vgg16 = "vgg16" in figures.get("taught_by", ())
    sentence = " The model that it started from was trained with a VGG16-feature discriminator."
    return f"{sentence}{_METRIC_BIAS}" if started_from_vgg16 else ""


def describe_training(figures: Mapping[str, Any], batch: int) -> str:
    """Returns a sentence about the length of training: steps, batch size, epochs and time."""
    if figures["steps"] == 1 and figures["started_from"]:
        return (
            "The weights are those of the starting model: a single training step was run only to evaluate it."
        )
    steps = f"{amounts.format_count(figures['steps'], 'step')} of {amounts.format_count(batch, 'image')}"
    duration = amounts.format_duration(figures["seconds"])
    return f"It was trained for {steps} ({figures['epochs']:.1f} times through the data) in {duration}."


def describe_photo_training(figures: Mapping[str, Any], count: int, window: int, noun: str = "crops") -> str:
    """Returns sentences about the length of training on photos.

    Args:
        figures: metrics of the training run.
        count: number of crops in all steps.
        window: side of a crop in px.
        noun: the crops in words.
    """
    steps = f"{amounts.format_count(figures['steps'], 'step')} ({count:,} {noun} of {window} px)"
    duration = amounts.format_duration(figures["seconds"])
    return f"It was trained for {steps} in {duration}. The weights are their EMA."


def format_table(rows: Sequence[tuple[str, str]]) -> str:
    """Formats metrics as a Markdown table."""
    return "| figure | value |\n|---|---|\n" + "\n".join(f"| {name} | {value} |" for name, value in rows)


def replace_score(card: str, figures: Mapping[str, Any], command: str) -> str:
    """Returns a card whose last section is a table of the figures that `studio score` measured.

    Args:
        card: card in Markdown; an earlier section of this kind is replaced.
        figures: figures by name; only numbers enter the table.
        command: command that measured them.
    """
    rows = [
        (name.replace("_", " "), f"{value:,}" if isinstance(value, int) else f"{value:.4g}")
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    before = card.partition(_SCORE_HEADING)[0].rstrip()
    return f"{before}\n{_SCORE_HEADING}\n    {command}\n\n{format_table(rows)}\n"


def draw_image(
    grid: np.ndarray,
    steps: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    distances: Mapping[str, Sequence[float]] | None = None,
) -> bytes:
    """Draws sample images next to training curves and a histogram of distances to the training images.

    Args:
        grid: grid of samples, `(H, W, 3) uint8`.
        steps: training step of each test.
        curves: metric values at each test, by name; a curve of another length is left out.
        distances: distances to the nearest training image, by the label of their group.

    Returns:
        A WebP.
    """
    from matplotlib.figure import Figure

    complete = {name: values for name, values in curves.items() if len(values) == len(steps)}
    rows = len(complete) + bool(distances)
    figure = Figure(figsize=(12, 7), dpi=80, layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.3, 1))[0]
    axes = left.subplots()
    axes.imshow(grid, interpolation="nearest")
    axes.set_axis_off()
    plots = right.subplots(max(1, rows), 1, squeeze=False)[:, 0]
    for plot, (name, values) in zip(plots, complete.items(), strict=False):
        plot.plot(steps, values, marker="." if len(steps) < 40 else "")
        plot.set_title(name, fontsize=9, loc="left")
        plot.tick_params(labelsize=7)
    if distances:
        for label, values in distances.items():
            plots[-1].hist(values, bins=40, alpha=0.6, density=True, label=label)
        plots[-1].set_title("distance to the nearest training image", fontsize=9, loc="left")
        plots[-1].legend(fontsize=7)
        plots[-1].tick_params(labelsize=7)
    return encode_figure(figure)


def encode_figure(figure: Figure) -> bytes:
    """Encodes a figure as a WebP."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    body = io.BytesIO()
    Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").save(body, "WEBP", quality=90, method=6)
    return body.getvalue()

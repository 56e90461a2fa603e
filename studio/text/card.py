"""The card of a trained text model: what it learnt from, how well, how it writes. Made from figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.text.settings import TrainTextSettings

TEMPERATURES = (0.5, 0.8, 1.1)


def write(
    name: str, settings: TrainTextSettings, figures: Mapping[str, Any], samples: Mapping[float, str]
) -> str:
    """The card in Markdown.

    Args:
        name: of the file that it learnt from.
        settings: of the training.
        figures: as `studio.text.task.train` gives them.
        samples: what the model wrote at each temperature.
    """
    parts = [
        f"# Writes like {name}",
        _data(name, settings, figures),
        _training(name, settings, figures),
        _table(figures),
        *(f"## Written at temperature {t:g}\n\n{_quoted(text)}" for t, text in samples.items()),
    ]
    return "\n\n".join(parts) + "\n"


def _data(name: str, settings: TrainTextSettings, figures: Mapping[str, Any]) -> str:
    held_out = settings.held_out
    return (
        f"Data: {name}, {figures['chars']:,} characters of {figures['alphabet']} kinds. It learnt from the "
        f"first {1 - 1.5 * held_out:.0%}; its weights were chosen by the next {held_out / 2:.0%}, its "
        f"validation part; the last {held_out:.0%} were held out.\n\n"
        f"{cards.LICENCE}"
    )


def _training(name: str, settings: TrainTextSettings, figures: Mapping[str, Any]) -> str:
    ended = f" {cards.ENDS[figures['ended']]}" if figures["ended"] else ""
    begun = cards.begun(figures)
    return (
        f"A character {settings.cell.upper()}: {amounts.count(settings.layers, 'layer')} of "
        f"{settings.units} units, {figures['parameters']:,} parameters, trained for "
        f"{amounts.count(figures['steps'], 'step')} ({figures['epochs']:.1f} times through the text) in "
        f"{amounts.duration(figures['seconds'])}. "
        f"The weights are the averaged ones that were best on the validation part.{begun}{ended}\n\n"
        f"    {command(name, settings, figures['started_from'])}"
    )


def command(name: str, settings: TrainTextSettings, start: str = "") -> str:
    """The command that trains it from a text and perhaps a trained model."""
    return cards.command("train_text", name, settings, start)


def _table(figures: Mapping[str, Any]) -> str:
    rows = [
        ("nats a character, held out", f"{figures['nats_per_char']:.4f}"),
        ("bits a character, held out", f"{figures['bits_per_char']:.4f}"),
        ("characters that were held out", f"{figures['held_out_chars']:,}"),
        ("nats a character, validation", f"{figures['validation_nats']:.4f}"),
        ("nats a character while learning, at the end", f"{figures['train_nats']:.4f}"),
    ]
    return cards.table(rows)


def _quoted(text: str) -> str:
    """As a block of code, indented, so that nothing in it is taken for Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines())

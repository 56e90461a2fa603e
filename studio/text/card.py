"""The card of a trained text model: what it learnt from, how well, how it writes. Made from figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.text.settings import TrainTextSettings

TEMPERATURES = (0.5, 0.8, 1.1)


def write(
    name: str,
    settings: TrainTextSettings,
    figures: Mapping[str, Any],
    command: str,
    samples: Mapping[float, str],
) -> str:
    """The card in Markdown.

    Args:
        name: of the text.
        settings: of the training.
        figures: as `studio.text.task.train` gives them.
        command: that trains it.
        samples: what the model wrote at each temperature.
    """
    held_out = settings.held_out
    return cards.write(
        f"Writes like {name}",
        f"Data: {name}, {figures['chars']:,} characters of {figures['alphabet']} kinds. It learnt from the "
        f"first {1 - 1.5 * held_out:.0%}; its weights were chosen by the next {held_out / 2:.0%}, its "
        f"validation part; the last {held_out:.0%} were held out.",
        f"A character {settings.cell.upper()}: {amounts.count(settings.layers, 'layer')} of "
        f"{settings.units} units, {figures['parameters']:,} parameters, trained for "
        f"{amounts.count(figures['steps'], 'step')} ({figures['epochs']:.1f} times through the text) in "
        f"{amounts.duration(figures['seconds'])}. "
        "The weights are the averaged ones that were best on the validation part.",
        figures,
        command,
        [
            _table(figures),
            *(f"## Written at temperature {t:g}\n\n{_quoted(text)}" for t, text in samples.items()),
        ],
    )


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

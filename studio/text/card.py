"""The model card of a trained language model: its data, metrics and samples, from figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.text.settings import TrainTextSettings

TEMPERATURES = (0.5, 0.8, 1.1)


def compose(
    name: str,
    settings: TrainTextSettings,
    figures: Mapping[str, Any],
    command: str,
    samples: Mapping[float, str],
) -> str:
    """Returns the card in Markdown.

    Args:
        name: name of the text.
        settings: settings of the training run.
        figures: as `studio.text.task.train` returns them.
        command: command that repeats the training.
        samples: a sample for each temperature.
    """
    held_out = settings.held_out
    return cards.compose(
        f"Language model of {name}",
        f"Data: {name}, {figures['chars']:,} characters, alphabet of {figures['alphabet']}. Training "
        f"split: the first {1 - 1.5 * held_out:.0%}; validation split, which selected the weights: the next "
        f"{held_out / 2:.0%}; test split: the last {held_out:.0%}.",
        f"A character-level {describe_shape(settings)}, {figures['parameters']:,} parameters, trained for "
        f"{amounts.format_count(figures['steps'], 'step')} ({figures['epochs']:.1f} epochs) in "
        f"{amounts.format_duration(figures['seconds'])}. "
        "The weights are the EMA with the lowest validation loss.",
        figures,
        command,
        [
            _make_table(figures),
            *(f"## Sample at temperature {t:g}\n\n{_indent_code_block(text)}" for t, text in samples.items()),
        ],
    )


def describe_shape(settings: TrainTextSettings) -> str:
    """Returns architecture and size in words: "LSTM with 2 layers of 512 units"."""
    layers = f"{amounts.format_count(settings.layers, 'layer')} of {settings.width:,} units"
    if settings.architecture != "transformer":
        return f"{settings.architecture.upper()} with {layers}"
    heads = amounts.format_count(settings.heads, "attention head")
    return f"Transformer with {layers}, {heads} and a context window of {settings.sequence} characters"


def _make_table(figures: Mapping[str, Any]) -> str:
    rows = [
        ("nats per character, held out", f"{figures['nats_per_char']:.4f}"),
        ("bits per character, held out", f"{figures['bits_per_char']:.4f}"),
        ("characters held out", f"{figures['held_out_chars']:,}"),
        ("nats per character, validation", f"{figures['validation_nats']:.4f}"),
        ("nats per character, training, at the end", f"{figures['train_nats']:.4f}"),
    ]
    return cards.format_table(rows)


def _indent_code_block(text: str) -> str:
    """Indents a text as a code block, so that it is not parsed as Markdown."""
    return "\n".join(f"    {line}" for line in text.splitlines())

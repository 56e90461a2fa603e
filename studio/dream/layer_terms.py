"""Parses and checks the terms of a dream, `LAYER[:CHANNEL][=WEIGHT]`, without Keras."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studio.core.errors import invalid, unknown
from studio.core.objectives import backbones
from studio.dream.presets import DEFAULT_LAYERS, DREAM_PRESETS

_TERM_PATTERN = re.compile(r"([A-Za-z0-9_]+)(?::(-?\d+))?(?:=(.+))?")


class Term(NamedTuple):
    """A layer, or one of its channels, and its weight; negative weights minimize."""

    layer: str
    channel: int | None = None
    weight: float = 1.0

    def __str__(self) -> str:
        channel = "" if self.channel is None else f":{self.channel}"
        return f"{self.layer}{channel}" + ("" if self.weight == 1 else f"={self.weight:g}")


@dataclass(frozen=True)
class Target:
    """The terms of a dream and their backbone."""

    backbone: str
    terms: tuple[Term, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the terms, each once."""
        return tuple(dict.fromkeys(term.layer for term in self.terms))


def parse_target(preset: str, layers: Sequence[str], backbone: str) -> Target:
    """Parses a preset or layers.

    Args:
        preset: a name in DREAM_PRESETS; ignored if there are `layers`, or for a backbone without the preset.
        layers: each `LAYER`, `LAYER:CHANNEL`, either with `=WEIGHT`; all of one backbone.
        backbone: its name, or "auto" for the one that has the layers.

    Raises:
        InvalidInput: for invalid syntax, an unknown layer (names the closest), a channel out of range (names
            the range), or layers of several backbones.
    """
    texts = layers or DREAM_PRESETS[preset].layers
    if not layers and backbone not in ("auto", _find_backbone(_parse_term(texts[0]).layer)):
        texts = DEFAULT_LAYERS[backbone]
    terms = tuple(_parse_term(text) for text in texts)
    name = _find_backbone(terms[0].layer) if backbone == "auto" else backbone
    backbones.check_layers(name, [term.layer for term in terms])
    for term in terms:
        _check_channel(name, term)
    if not any(term.weight for term in terms):
        raise invalid(
            "layers",
            expected="a weight other than 0",
            received=" ".join(texts),
            next_step="raise one of them",
        )
    return Target(name, terms)


def is_preset_ignored(preset: str, layers: Sequence[str], backbone: str) -> bool:
    """Whether a backbone lacks the preset, so that its default layer is used."""
    return (
        not layers
        and parse_target(preset, (), backbone).backbone != parse_target(preset, (), "auto").backbone
    )


def _parse_term(text: str) -> Term:
    """Parses `LAYER[:CHANNEL][=WEIGHT]`. Raises `InvalidInput` for other texts."""
    match = _TERM_PATTERN.fullmatch(text.strip())
    try:
        layer, channel, weight = match.groups() if match else (None, None, None)
        number = float(weight or 1)
    except ValueError:
        layer, number = None, 1.0
    if layer is None or not math.isfinite(number) or abs(number) > 1000:
        raise invalid(
            "layers",
            expected="LAYER, LAYER:CHANNEL or either with =WEIGHT from -1000 to 1000",
            received=text,
            next_step="write it like mixed4 or mixed4:71=0.5",
        )
    return Term(layer, None if channel is None else int(channel), number)


def _find_backbone(layer: str) -> str:
    """Returns the backbone that has a layer; layer names are unique."""
    specs = [backbones.find_spec(name) for name in DEFAULT_LAYERS]
    for spec in specs:
        if layer in spec.layers:
            return spec.name
    layers = [layer for spec in specs for layer in spec.layers]
    raise unknown("layer", layer, layers)


def _check_channel(backbone: str, term: Term) -> None:
    """Raises `InvalidInput` for a channel out of range."""
    channels = backbones.find_spec(backbone).layers[term.layer]
    if term.channel is not None and not 0 <= term.channel < channels:
        raise invalid(
            f"channel of {term.layer}",
            expected=f"a number from 0 to {channels - 1}",
            received=term.channel,
        )

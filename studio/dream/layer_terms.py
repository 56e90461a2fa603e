"""What a dream climbs, as a user writes it: `LAYER[:CHANNEL][=WEIGHT]`, read and checked without Keras."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from studio.core.errors import invalid, unknown
from studio.core.objectives import backbones
from studio.dream.looks import LOOKS, USUAL

_TERM = re.compile(r"([A-Za-z0-9_]+)(?::(-?\d+))?(?:=(.+))?")


class Climbed(NamedTuple):
    """One layer, or one channel of it, and its weight; a negative weight is avoided instead of climbed."""

    layer: str
    channel: int | None = None
    weight: float = 1.0

    def __str__(self) -> str:
        channel = "" if self.channel is None else f":{self.channel}"
        return f"{self.layer}{channel}" + ("" if self.weight == 1 else f"={self.weight:g}")


@dataclass(frozen=True)
class Wanted:
    """The terms of a dream and the backbone that they belong to."""

    backbone: str
    terms: tuple[Climbed, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of its terms, each once."""
        return tuple(dict.fromkeys(term.layer for term in self.terms))


def read(look: str, layers: Sequence[str], backbone: str) -> Wanted:
    """What a look or layers mean.

    Args:
        look: one of LOOKS; stands back for `layers`, and for a backbone that it does not belong to.
        layers: each `LAYER`, `LAYER:CHANNEL`, either with `=WEIGHT`; all of one backbone.
        backbone: its name, or "auto" for the one that has the layers.

    Raises:
        InvalidInput: for what cannot be read, a layer that there is not (names the closest), a channel out of
            range (names the range), or layers of several backbones.
    """
    own = layers or LOOKS[look].layers
    if not layers and backbone not in ("auto", _home(_term(own[0]).layer)):
        own = USUAL[backbone]
    terms = tuple(_term(text) for text in own)
    name = _home(terms[0].layer) if backbone == "auto" else backbone
    backbones.check_layers(name, [term.layer for term in terms])
    for term in terms:
        _check_channel(name, term)
    if not any(term.weight for term in terms):
        raise invalid(
            "layers", expected="a weight other than 0", received=" ".join(own), next_step="raise one of them"
        )
    return Wanted(name, terms)


def look_left_out(look: str, layers: Sequence[str], backbone: str) -> bool:
    """Whether a backbone does not have the look that is asked for, so that it dreams of its usual layer."""
    return not layers and read(look, (), backbone).backbone != read(look, (), "auto").backbone


def _term(text: str) -> Climbed:
    match = _TERM.fullmatch(text.strip())
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
    return Climbed(layer, None if channel is None else int(channel), number)


def _home(layer: str) -> str:
    """The backbone that has a layer; no two have one of the same name."""
    for name, spec in backbones.BACKBONES.items():
        if layer in spec.layers:
            return name
    known = [layer for spec in backbones.BACKBONES.values() for layer in spec.layers]
    raise unknown("layer", layer, known)


def _check_channel(name: str, term: Climbed) -> None:
    channels = backbones.spec(name).layers[term.layer]
    if term.channel is not None and not 0 <= term.channel < channels:
        raise invalid(
            f"channel of {term.layer}",
            expected=f"a number from 0 to {channels - 1}",
            received=term.channel,
        )

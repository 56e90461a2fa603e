"""Edits of the objective of a dream, a text `LAYER[:CHANNEL][=WEIGHT], ...`.

Terms that are not edited stay as typed, even invalid ones; the settings report those.
"""

from __future__ import annotations

from collections.abc import Collection

from studio.core.objectives import backbones
from studio.dream.layer_terms import Term


def split(text: str) -> list[str]:
    """Returns the terms of a text, in order."""
    return text.replace(",", " ").split()


def join(terms: Collection[str]) -> str:
    """Returns the text of terms, as the address and the widget hold it."""
    return ", ".join(terms)


def name_of(term: str) -> str:
    """Returns a term without its weight: `mixed4:71=0.5` -> `mixed4:71`."""
    return term.partition("=")[0]


def weight_of(term: str) -> float:
    """Returns the weight of a term; 1 if it has none or an invalid one."""
    try:
        return float(term.partition("=")[2] or 1)
    except ValueError:
        return 1.0


def make_term(layer: str, channel: int | None = None) -> str:
    """Returns the term of a layer or of one of its channels, with weight 1."""
    return str(Term(layer, channel))


def set_weight(text: str, term: str, value: float) -> str:
    """Returns the text with another weight for one term."""
    layer, _, channel = name_of(term).partition(":")
    new = str(Term(layer, int(channel) if channel.isdecimal() else None, value))
    return join([new if existing == term else existing for existing in split(text)])


def update_selection(text: str, options: Collection[str], selected: Collection[str]) -> str:
    """Returns the text after a selection; terms outside `options` stay.

    A dream uses one backbone, so new terms remove those of another backbone.

    Args:
        text: the terms before the selection.
        options: names of terms that could be selected.
        selected: names of the selected terms.
    """
    remaining = [
        existing
        for existing in split(text)
        if name_of(existing) not in options or name_of(existing) in selected
    ]
    new = [term for term in selected if term not in map(name_of, remaining)]
    if new:
        backbone = backbone_of(new[0])
        remaining = [existing for existing in remaining if backbone_of(existing) in (backbone, "")]
    return join([*remaining, *new])


def layer_of(term: str) -> str:
    """Returns the layer of a term: `mixed4:71=0.5` -> `mixed4`."""
    return name_of(term).partition(":")[0]


def backbone_of(term: str) -> str:
    """Returns the backbone that has the layer of a term; "" if none has it."""
    return next(
        (backbone for backbone, spec in backbones.BACKBONES.items() if layer_of(term) in spec.layers), ""
    )

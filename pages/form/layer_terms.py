"""The text of what a dream climbs, `LAYER[:CHANNEL][=WEIGHT], ...`, as a page changes it piece by piece.

What a user typed and is not touched stays as it is, right or wrong; the settings say what is wrong.
"""

from __future__ import annotations

from collections.abc import Collection

from studio.core.objectives import backbones
from studio.dream.layer_terms import Climbed


def split(text: str) -> list[str]:
    """The terms of a text, in order."""
    return text.replace(",", " ").split()


def joined(terms: Collection[str]) -> str:
    """The text of terms, as the address and the widget hold it."""
    return ", ".join(terms)


def name(term: str) -> str:
    """A term without its weight: `mixed4:71=0.5` -> `mixed4:71`."""
    return term.partition("=")[0]


def weight(term: str) -> float:
    """The weight of a term; 1 where none is written, or none that can be read."""
    try:
        return float(term.partition("=")[2] or 1)
    except ValueError:
        return 1.0


def term(layer: str, channel: int | None = None) -> str:
    """The term of a layer or of one channel of it, with weight 1."""
    return str(Climbed(layer, channel))


def with_weight(text: str, term: str, value: float) -> str:
    """The text with another weight for one term."""
    layer, _, channel = name(term).partition(":")
    new = str(Climbed(layer, int(channel) if channel.isdecimal() else None, value))
    return joined([new if old == term else old for old in split(text)])


def with_chosen(text: str, offered: Collection[str], wanted: Collection[str]) -> str:
    """The text after a choice: of the terms offered just the wanted ones stay or come in.

    A dream has one network, so that a new term drives out those of another network.

    Args:
        offered: names of terms that could be chosen.
        wanted: those among them that were.
    """
    kept = [old for old in split(text) if name(old) not in offered or name(old) in wanted]
    new = [term for term in wanted if term not in map(name, kept)]
    if new:
        home = network(new[0])
        kept = [old for old in kept if network(old) in (home, "")]
    return joined([*kept, *new])


def layer(term: str) -> str:
    """The layer of a term: `mixed4:71=0.5` -> `mixed4`."""
    return name(term).partition(":")[0]


def network(term: str) -> str:
    """The backbone that has the layer of a term; "" for none."""
    return next((known for known, spec in backbones.BACKBONES.items() if layer(term) in spec.layers), "")

"""A text whose characters are marked by their negative log-likelihood under one or two language models.

Color and underline show the likelihood, or the more likely of two models; a tooltip states it in words. The
JavaScript sets each character as text, never as markup, because the text is untrusted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import assets

LEVELS = (0.5, 1.5, 3.0, 5.0)  # nats: limits between the shades
_LEVEL_LABELS = ("expected", "likely", "open", "unlikely", "surprising")
# Limits between the shades, in nats between two language models.
LEAD_LEVELS = (math.log(2), math.log(10))
_LEAD_LABELS = ("twice as likely, or more", "ten times as likely, or more")

_mount = assets.register_component("studio_paper", __file__)


def show_marked_text(
    text: str,
    *,
    before: str = "",
    nats: Sequence[float] = (),
    is_growing: bool = False,
    hint: str = "",
    key: str = "paper",
) -> None:
    """Draws a text.

    Args:
        text: the generated text.
        before: the prompt, shown fainter.
        nats: negative log-likelihood of the first characters of `text`; later ones are not marked.
        is_growing: whether more text will follow.
        hint: shown after the text, e.g. while there is no text yet.
        key: of the component.
    """
    shades = [f"s{n}" for n in range(len(_LEVEL_LABELS))]
    marks = [round(float(value), 2) for value in nats]
    _mount_text(
        text,
        marks,
        LEVELS,
        dict(zip(shades, _make_level_legend(), strict=True)),
        key,
        before=_replace_surrogates(before),
        is_growing=is_growing,
        hint=hint,
    )


def show_compared_text(
    text: str, nats: Sequence[Sequence[float | None]], language_models: Sequence[str]
) -> None:
    """Draws a text with each character in the color of the language model that gave it more probability.

    Args:
        text: the text.
        nats: negative log-likelihood of each character, per model; None for a character that does not count.
        language_models: names of the two models.
    """
    first, second = nats
    legend = {
        f"{side}{n + 1}": f"{name}: {label}"
        for side, name in zip("ab", language_models, strict=True)
        for n, label in enumerate(_LEAD_LABELS)
    }
    legend["a0"] = "about equally likely in both"
    _mount_text(
        text,
        first,
        LEAD_LEVELS,
        legend,
        "two_papers",
        other_nats=list(second),
        language_models=[_replace_surrogates(name) for name in language_models],
    )


def _mount_text(
    text: str,
    nats: Sequence[float | None],
    levels: Sequence[float],
    legend: Mapping[str, str],
    key: str,
    **options: Any,
) -> None:
    data = {"before": "", "is_growing": False, "hint": "", "other_nats": [], "language_models": []} | options
    data |= {"text": _replace_surrogates(text), "nats": list(nats), "levels": list(levels)}
    _mount(data=data | {"shades": list(legend), "legend": list(legend.values())}, key=key)


def _replace_surrogates(text: str) -> str:
    """Replaces lone surrogates, which cannot be sent to a browser."""
    return text.encode("utf-8", "replace").decode()


def _make_level_legend() -> list[str]:
    ends = [f"under {LEVELS[0]:g} nats", *(f"{level:g} and more" for level in LEVELS)]
    return [f"{word}: {end}" for word, end in zip(_LEVEL_LABELS, ends, strict=True)]

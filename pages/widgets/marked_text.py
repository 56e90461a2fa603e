"""A text whose characters are marked by their negative log-likelihood under one or two language models.

Streamlit cannot mark single characters of untrusted text; here each is set as text, never as markup. Color
and underline show the likelihood, or which of two models is ahead; a tooltip says it in words.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import assets

LEVELS = (0.5, 1.5, 3.0, 5.0)  # nats: limits between the shades
_WORDS = ("expected", "likely", "open", "unlikely", "surprising")
# Limits between the shades, in nats between two language models.
LEAD_LEVELS = (math.log(2), math.log(10))
_TIMES = ("twice as likely, or more", "ten times as likely, or more")

_mount = assets.component("studio_paper", __file__)


def marked_text(
    text: str,
    *,
    before: str = "",
    nats: Sequence[float] = (),
    writing: bool = False,
    hint: str = "",
    key: str = "paper",
) -> None:
    """Draws a text.

    Args:
        text: the generated text.
        before: the prompt, shown fainter.
        nats: negative log-likelihood of the first characters of `text`; others are not marked.
        writing: whether more text follows.
        hint: text after it, e.g. while there is no text yet.
        key: of the component.
    """
    options = {"before": _without_surrogates(before), "writing": writing, "hint": hint}
    shades = [f"s{n}" for n in range(len(_WORDS))]
    marks = [round(float(value), 2) for value in nats]
    _show(text, marks, LEVELS, dict(zip(shades, _legend(), strict=True)), key, **options)


def compared_text(
    text: str,
    nats: Sequence[Sequence[float | None]],
    language_models: Sequence[str],
    *,
    key: str = "two_papers",
) -> None:
    """Draws a text with each character in the color of the language model that gave it more probability.

    Args:
        text: the text.
        nats: negative log-likelihood of each character, per model; None for a character that does not count.
        language_models: names of the two models.
        key: of the component.
    """
    first, second = nats
    legend = {
        f"{side}{n + 1}": f"{name}: {times}"
        for side, name in zip("ab", language_models, strict=True)
        for n, times in enumerate(_TIMES)
    }
    legend["a0"] = "about equally likely in both"
    _show(
        text,
        first,
        LEAD_LEVELS,
        legend,
        key,
        others=list(second),
        language_models=[_without_surrogates(name) for name in language_models],
    )


def _show(
    text: str,
    nats: Sequence[float | None],
    levels: Sequence[float],
    legend: Mapping[str, str],
    key: str,
    **options: Any,
) -> None:
    data = {"before": "", "writing": False, "hint": "", "others": [], "language_models": []} | options
    data |= {"text": _without_surrogates(text), "nats": list(nats), "levels": list(levels)}
    _mount(data=data | {"shades": list(legend), "words": list(legend.values())}, key=key)


def _without_surrogates(text: str) -> str:
    """Replaces lone surrogates, which cannot be sent to a browser."""
    return text.encode("utf-8", "replace").decode()


def _legend() -> list[str]:
    ends = [f"under {LEVELS[0]:g} nats", *(f"{level:g} and more" for level in LEVELS)]
    return [f"{word}: {end}" for word, end in zip(_WORDS, ends, strict=True)]

"""A text as it is written, and how surprised the model was by each of its characters.

Our own because Streamlit has no way to mark characters of a text that anybody may have written: here each
goes into the page as text alone, never as markup. How surprised the model was, or which of two was less so,
is told by color, by the line below a character, and by words when it is pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import assets

LEVELS = (0.5, 1.5, 3.0, 5.0)  # nats: where one shade ends and the next begins
_WORDS = ("expected", "likely", "open", "unlikely", "surprising")
# nats between two language models: where one shade ends and the next begins
APART = (math.log(2), math.log(10))
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
    """Shows a text.

    Args:
        text: what the model wrote.
        before: the beginning that a user gave, shown fainter.
        nats: how surprised the model was by each character of `text`, or by its first ones; none: no marks.
        writing: whether more is to come.
        hint: what to say after it, e.g. while there is no text yet.
    """
    told = {"before": _whole(before), "writing": writing, "hint": hint}
    shades = [f"s{n}" for n in range(len(_WORDS))]
    marks = [round(float(value), 2) for value in nats]
    _show(text, marks, LEVELS, dict(zip(shades, _legend(), strict=True)), key, **told)


def compared_text(
    text: str,
    nats: Sequence[Sequence[float | None]],
    language_models: Sequence[str],
    *,
    key: str = "two_papers",
) -> None:
    """Shows a text, each character in the color of the language model that expected it more.

    Args:
        text: what two language models read.
        nats: how surprised each of them was by each character; None where it counts for neither.
        language_models: their two names.
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
        APART,
        legend,
        key,
        others=list(second),
        language_models=[_whole(name) for name in language_models],
    )


def _show(
    text: str,
    nats: Sequence[float | None],
    levels: Sequence[float],
    legend: Mapping[str, str],
    key: str,
    **told: Any,
) -> None:
    data = {"before": "", "writing": False, "hint": "", "others": [], "language_models": []} | told
    data |= {"text": _whole(text), "nats": list(nats), "levels": list(levels)}
    _mount(data=data | {"shades": list(legend), "words": list(legend.values())}, key=key)


def _whole(text: str) -> str:
    """Without halves of characters, which a browser cannot be told."""
    return text.encode("utf-8", "replace").decode()


def _legend() -> list[str]:
    ends = [f"under {LEVELS[0]:g} nats", *(f"{level:g} and more" for level in LEVELS)]
    return [f"{word}: {end}" for word, end in zip(_WORDS, ends, strict=True)]

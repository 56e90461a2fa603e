"""The comparison of two language models in plain words, for pages and the terminal; light."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_LONGEST = 60  # characters of a sentence that are printed
_HOW = (
    "Each sentence with the model that is ahead and its lead in nats per character; - means not significant "
    "(corrected for the number of sentences, Benjamini-Hochberg):"
)


def verdict(told: Mapping[str, Any]) -> str:
    """Which language model fits the text better, and whether the difference is significant, in words."""
    first, second = told["language_models"]
    if told["language_model"] is None:
        why = "the text is too short" if told["interval"] is None else "the difference may be chance"
        return f"Neither {first['name']} nor {second['name']} is significantly ahead: {why}."
    winner, other = (first, second) if told["ahead"] > 0 else (second, first)
    times = math.exp(abs(told["ahead"]))
    beside = "" if told["offset"] is None else ", relative to each model's own held-out text,"
    said = (
        f"More like {winner['name']} than {other['name']}: on average{beside} {winner['name']} gave each "
        f"character {times:.2g} times the probability."
    )
    if others := other["sentences"]:
        of = f"{others:,} of {len(told['sentences']):,} sentences"
        said += f" {of} {'leans' if others == 1 else 'lean'} significantly the other way."
    if told["strange"]:
        said += (
            f" Yet the text is like neither: the loss of {winner['name']} is far above that on its own texts."
        )
    return said


def quality(told: Mapping[str, Any]) -> str:
    """Whether the comparison is corrected for the quality of the models, in words."""
    unknown = [one["name"] for one in told["language_models"] if one["usual"] is None]
    if unknown:
        return (
            f"Compared without correction, which favors the better model, because the held-out loss of "
            f"{unknown[0]} is unknown."
        )
    first, second = (f"{one['usual']:.2f} ({one['name']})" for one in told["language_models"])
    return (
        f"Each model's own held-out nats per character, {first} and {second}, are subtracted: the better "
        "model would be ahead on most texts."
    )


def readable(told: Mapping[str, Any]) -> str:
    """The comparison as text: the verdict, a line for each language model, then the sentences."""
    lines = [verdict(told), ""]
    for one in told["language_models"]:
        own = "" if one["usual"] is None else f", {one['usual']:.2f} on its own held-out text"
        lines.append(f"{one['name']}: {one['nats_per_char']:.2f} nats per character{own}")
    lines += [
        "",
        "This does not identify an author: it says which model finds these characters likelier.",
        "",
        _HOW,
        "",
    ]
    wide = max(len(one["name"]) for one in told["language_models"])
    for one in told["sentences"]:
        said = " ".join(told["text"][one["start"] : one["end"]].split())
        cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
        lines.append(f"{one['language_model'] or '-':{wide}}  {abs(one['ahead']):.2f}  {cut}")
    return "\n".join([*lines, *([""] if told["notes"] else []), *told["notes"]])

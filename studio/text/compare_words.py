"""What two voices made of a text, in plain words; light, for pages and the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_LONGEST = 60  # characters of a sentence that are printed
_HOW = (
    "Each sentence, and by how many nats a character a voice is ahead in it; - where that may be chance "
    "(corrected for the number of sentences, Benjamini-Hochberg):"
)


def verdict(told: Mapping[str, Any]) -> str:
    """Which voice it is more like, and how sure that is, in plain words."""
    first, second = told["voices"]
    if told["voice"] is None:
        why = "it is too short" if told["interval"] is None else "the difference may be chance"
        return f"It cannot be told whether this is more like {first['name']} or {second['name']}: {why}."
    winner, other = (first, second) if told["ahead"] > 0 else (second, first)
    times = math.exp(abs(told["ahead"]))
    beside = "" if told["offset"] is None else ", beside how well each predicts texts of its own kind,"
    said = (
        f"More like {winner['name']} than {other['name']}: on average{beside} {winner['name']} gave each "
        f"character {times:.2g} times the probability."
    )
    if others := other["sentences"]:
        of = f"{others:,} of {len(told['sentences']):,} sentences"
        said += f" {of} {'leans' if others == 1 else 'lean'} clearly the other way."
    if told["strange"]:
        said += f" Yet it is like neither: even {winner['name']} is far more surprised than by its own texts."
    return said


def quality(told: Mapping[str, Any]) -> str:
    """Whether the two are compared beside how good each is, for the better model predicts any text better."""
    unknown = [one["name"] for one in told["voices"] if one["usual"] is None]
    if unknown:
        return (
            f"Compared as they are, which favors the better model: {unknown[0]} does not say how well it "
            "predicts held-out text of its own kind."
        )
    first, second = (f"{one['usual']:.2f} ({one['name']})" for one in told["voices"])
    return (
        f"Each model's own held-out nats per character, {first} and {second}, are subtracted: the better "
        "model would be ahead on most texts."
    )


def readable(told: Mapping[str, Any]) -> str:
    """The same in a person's words: the verdict, a line for each voice, then the sentences."""
    lines = [verdict(told), ""]
    for one in told["voices"]:
        own = "" if one["usual"] is None else f", {one['usual']:.2f} on texts of its own kind"
        lines.append(f"{one['name']}: {one['nats_per_char']:.2f} nats a character{own}")
    lines += ["", "A voice is not a person: this says whose letters it is more like.", "", _HOW, ""]
    wide = max(len(one["name"]) for one in told["voices"])
    for one in told["sentences"]:
        said = " ".join(told["text"][one["start"] : one["end"]].split())
        cut = said if len(said) <= _LONGEST else f"{said[:_LONGEST]} ..."
        lines.append(f"{one['voice'] or '-':{wide}}  {abs(one['ahead']):.2f}  {cut}")
    return "\n".join([*lines, *([""] if told["notes"] else []), *told["notes"]])

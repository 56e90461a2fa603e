"""The comparison of two language models in sentences, for pages and the terminal. Imports nothing heavy."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_MAX_SENTENCE_CHARS = 60  # characters of a sentence that are printed
_SENTENCES_HEADING = (
    "Each sentence with the model that is ahead and its lead in nats per character; - means not significant "
    "(corrected for the number of sentences, Benjamini-Hochberg):"
)


def describe_verdict(figures: Mapping[str, Any]) -> str:
    """Returns sentences: which language model fits the text better, and whether that is significant."""
    first, second = figures["language_models"]
    if figures["language_model"] is None:
        why = "the text is too short" if figures["interval"] is None else "the difference may be chance"
        return f"Neither {first['name']} nor {second['name']} is significantly ahead: {why}."
    winner, other = (first, second) if figures["lead_nats"] > 0 else (second, first)
    times = math.exp(abs(figures["lead_nats"]))
    relative = "" if figures["offset"] is None else ", relative to each model's own held-out text,"
    sentence = (
        f"More like {winner['name']} than {other['name']}: on average{relative} {winner['name']} gave each "
        f"character {times:.2g} times the probability."
    )
    if others := other["sentence_count"]:
        of = f"{others:,} of {len(figures['sentences']):,} sentences"
        sentence += f" {of} {'leans' if others == 1 else 'lean'} significantly the other way."
    if figures["is_unlike_both"]:
        sentence += (
            f" Yet the text is like neither: the loss of {winner['name']} is far above that on its own texts."
        )
    return sentence


def describe_correction(figures: Mapping[str, Any]) -> str:
    """Returns a sentence: whether the comparison is corrected for the quality of the models."""
    unknown = [model["name"] for model in figures["language_models"] if model["held_out_nats"] is None]
    if unknown:
        return (
            f"Compared without correction, which favors the better model, because the held-out loss of "
            f"{unknown[0]} is unknown."
        )
    first, second = (
        f"{model['held_out_nats']:.2f} ({model['name']})" for model in figures["language_models"]
    )
    return (
        f"Each model's own held-out nats per character, {first} and {second}, are subtracted: the better "
        "model would be ahead on most texts."
    )


def format_comparison(figures: Mapping[str, Any]) -> str:
    """Returns the comparison as text: the verdict, a line per language model, then a line per sentence."""
    lines = [describe_verdict(figures), ""]
    for model in figures["language_models"]:
        own = (
            ""
            if model["held_out_nats"] is None
            else f", {model['held_out_nats']:.2f} on its own held-out text"
        )
        lines.append(f"{model['name']}: {model['nats_per_char']:.2f} nats per character{own}")
    lines += [
        "",
        "This does not identify an author: it says which model finds these characters likelier.",
        "",
        _SENTENCES_HEADING,
        "",
    ]
    wide = max(len(model["name"]) for model in figures["language_models"])
    for sentence in figures["sentences"]:
        text = " ".join(figures["text"][sentence["start"] : sentence["end"]].split())
        cut = text if len(text) <= _MAX_SENTENCE_CHARS else f"{text[:_MAX_SENTENCE_CHARS]} ..."
        lines.append(f"{sentence['language_model'] or '-':{wide}}  {abs(sentence['lead_nats']):.2f}  {cut}")
    return "\n".join([*lines, *([""] if figures["notes"] else []), *figures["notes"]])

"""Who wrote this? as a task: a kept text and two language models in, which of them expected it more out, as
JSON.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from studio.core import recipes
from studio.core.data import corpus
from studio.core.errors import InvalidInput, invalid
from studio.core.files import File
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.tasks import Inputs, Result
from studio.text import compare_words, language_model
from studio.text.compare import STRANGE, Compared, Passage, compare
from studio.text.settings import CompareSettings

SLOTS = ("first", "second")  # of the settings; the slot of a file adds "_model"


def check(settings: CompareSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless the text can be read and there are two different language models."""
    corpus.read(inputs["text"][0].read(), settings.encoding)
    for slot in SLOTS:
        if not inputs.get(f"{slot}_model"):
            language_model.check_writes(presets.find(getattr(settings, slot)))
    given = [*inputs.get("first_model", ()), *inputs.get("second_model", ())]
    if not given and settings.first == settings.second:
        raise _twice(settings.first)


def run(settings: CompareSettings, inputs: Inputs, progress: Progress) -> Result:
    """Says which of two language models expected a text more; the file may hold the loss of each
    character.
    """
    began, file = time.monotonic(), inputs["text"][0]
    read = corpus.read(file.read(), settings.encoding)
    chosen = [presets.given_or_named(inputs, getattr(settings, slot), f"{slot}_model") for slot in SLOTS]
    first, second = (language_model.load(preset) for preset in chosen)
    if first.digest == second.digest:
        raise _twice(first.name)
    usual = [_usual(preset) for preset in chosen]
    offset = usual[1] - usual[0] if usual[0] is not None and usual[1] is not None else None
    found = compare(first, second, read.text, progress, offset or 0.0)
    names = [_name(inputs, slot, spoken.name) for slot, spoken in zip(SLOTS, (first, second), strict=True)]
    told = _told(found, names, usual) | {"offset": offset}
    told["notes"] = [*read.notes, *found.notes, compare_words.quality(told)]
    language_models = zip(SLOTS, (first, second), strict=True)
    weights = {one.name: one.digest for slot, one in language_models if not inputs.get(f"{slot}_model")}
    recipe = recipes.make("text.compare", settings, inputs, weights)
    whole = {**told, "text": found.text}
    if settings.per_character:
        whole["nats"] = [_rounded(row) for row in found.nats]
    kept = File.keep(json.dumps(whole).encode(), "text", f"{Path(file.name).stem}-who.json")
    return Result((kept,), {**told, "seconds": time.monotonic() - began}, recipe)


def _name(inputs: Inputs, slot: str, name: str) -> str:
    return next((Path(file.name).stem for file in inputs.get(f"{slot}_model", ())), name)


def _usual(preset: Preset) -> float | None:
    """The nats per character that a language model needs on texts of its own kind; None where it does not
    say.
    """
    nats = (preset.data().get("figures") or {}).get("nats_per_char")
    return float(nats) if isinstance(nats, int | float) and math.isfinite(nats) else None


def _twice(name: str) -> InvalidInput:
    return invalid("choice of models", expected="two different language models", received=f"{name} twice")


def _told(found: Compared, names: list[str], usual: list[float | None]) -> dict[str, Any]:
    """The figures, as programs take them."""
    sides = [one.lean.side for one in found.sentences]
    return {
        "language_models": [
            {
                "name": name,
                "nats_per_char": found.whole.nats[n],
                "usual": usual[n],
                "sentences": sides.count(n),
            }
            for n, name in enumerate(names)
        ],
        "chars": len(found.text),
        "counted": int(np.isfinite(found.nats[0]).sum()),
        **_leaning(found.whole, names),
        "strange": _is_strange(found.whole, usual),
        "sentences": [
            {"start": one.start, "end": one.end, "nats": one.nats, **_leaning(one, names)}
            for one in found.sentences
        ],
    }


def _leaning(passage: Passage, names: list[str]) -> dict[str, Any]:
    side = passage.lean.side
    return {
        "language_model": None if side is None else names[side],
        "ahead": passage.lean.nats,
        "interval": passage.lean.interval,
    }


def _is_strange(whole: Passage, usual: list[float | None]) -> bool:
    """Whether a text is like neither language model's own; false where a language model does not say what is
    usual.
    """
    return all(own is not None and nats > own + STRANGE for nats, own in zip(whole.nats, usual, strict=True))


def _rounded(nats: np.ndarray) -> list[float | None]:
    return [None if math.isnan(one) else round(float(one), 2) for one in nats]

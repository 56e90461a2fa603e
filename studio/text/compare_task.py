"""The task of comparing two language models on a text. Its result is JSON."""

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
from studio.text.compare import STRANGE, Comparison, Passage, compare
from studio.text.settings import CompareSettings

SLOTS = ("first", "second")  # fields of the settings; the slots of uploaded models add "_model"


def check(settings: CompareSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the text cannot be read or there are not two different language models."""
    corpus.read(inputs["text"][0].read(), settings.encoding)
    for slot in SLOTS:
        if not inputs.get(f"{slot}_model"):
            language_model.check_writes(presets.find(getattr(settings, slot)))
    uploads = [*inputs.get("first_model", ()), *inputs.get("second_model", ())]
    if not uploads and settings.first == settings.second:
        raise _twice(settings.first)


def run(settings: CompareSettings, inputs: Inputs, progress: Progress) -> Result:
    """Compares two language models on a text; `per_character` adds the loss of each character to the file."""
    began, file = time.monotonic(), inputs["text"][0]
    read = corpus.read(file.read(), settings.encoding)
    models = [
        presets.load_uploaded_or_named(inputs, getattr(settings, slot), f"{slot}_model") for slot in SLOTS
    ]
    first, second = (language_model.load(preset) for preset in models)
    if first.digest == second.digest:
        raise _twice(first.name)
    usual = [_held_out_loss(preset) for preset in models]
    offset = usual[1] - usual[0] if usual[0] is not None and usual[1] is not None else None
    comparison = compare(first, second, read.text, progress, offset or 0.0)
    names = [_name(inputs, slot, model.name) for slot, model in zip(SLOTS, (first, second), strict=True)]
    figures = _figures(comparison, names, usual) | {"offset": offset}
    figures["notes"] = [*read.notes, *comparison.notes, compare_words.quality(figures)]
    language_models = zip(SLOTS, (first, second), strict=True)
    weights = {model.name: model.digest for slot, model in language_models if not inputs.get(f"{slot}_model")}
    recipe = recipes.make("text.compare", settings, inputs, weights)
    report = {**figures, "text": comparison.text}
    if settings.per_character:
        report["nats"] = [_round(row) for row in comparison.nats]
    output = File.keep(json.dumps(report).encode(), "text", f"{Path(file.name).stem}-who.json")
    return Result((output,), {**figures, "seconds": time.monotonic() - began}, recipe)


def _name(inputs: Inputs, slot: str, name: str) -> str:
    return next((Path(file.name).stem for file in inputs.get(f"{slot}_model", ())), name)


def _held_out_loss(preset: Preset) -> float | None:
    """Returns the held-out nats per character of a language model, or None if its figures lack them."""
    nats = (preset.data().get("figures") or {}).get("nats_per_char")
    return float(nats) if isinstance(nats, int | float) and math.isfinite(nats) else None


def _twice(name: str) -> InvalidInput:
    return invalid("choice of models", expected="two different language models", received=f"{name} twice")


def _figures(comparison: Comparison, names: list[str], usual: list[float | None]) -> dict[str, Any]:
    """Returns the figures of a comparison for JSON.

    Args:
        comparison: the comparison.
        names: names of both language models.
        usual: held-out nats per character of each, or None.
    """
    sides = [sentence.lean.side for sentence in comparison.sentences]
    return {
        "language_models": [
            {
                "name": name,
                "nats_per_char": comparison.overall.nats[n],
                "usual": usual[n],
                "sentences": sides.count(n),
            }
            for n, name in enumerate(names)
        ],
        "chars": len(comparison.text),
        "counted": int(np.isfinite(comparison.nats[0]).sum()),
        **_leaning(comparison.overall, names),
        "strange": _is_strange(comparison.overall, usual),
        "sentences": [
            {
                "start": sentence.start,
                "end": sentence.end,
                "nats": sentence.nats,
                **_leaning(sentence, names),
            }
            for sentence in comparison.sentences
        ],
    }


def _leaning(passage: Passage, names: list[str]) -> dict[str, Any]:
    side = passage.lean.side
    return {
        "language_model": None if side is None else names[side],
        "ahead": passage.lean.nats,
        "interval": passage.lean.interval,
    }


def _is_strange(overall: Passage, usual: list[float | None]) -> bool:
    """Returns whether both losses are far above those on the models' own texts; False if one is unknown."""
    return all(
        own is not None and nats > own + STRANGE for nats, own in zip(overall.nats, usual, strict=True)
    )


def _round(nats: np.ndarray) -> list[float | None]:
    return [None if math.isnan(loss) else round(float(loss), 2) for loss in nats]

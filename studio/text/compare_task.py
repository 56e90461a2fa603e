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
from studio.text import comparison_report, language_model
from studio.text.compare import MAX_EXCESS_NATS, Comparison, Passage, compare
from studio.text.settings import CompareSettings

SLOTS = ("first", "second")  # fields of the settings; the slots of uploaded models add "_model"


def check(settings: CompareSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the text cannot be read or there are not two different language models."""
    corpus.read(inputs["text"][0].read(), settings.encoding)
    for slot in SLOTS:
        if not inputs.get(f"{slot}_model"):
            language_model.check_is_language_model(presets.find(getattr(settings, slot)))
    uploads = [*inputs.get("first_model", ()), *inputs.get("second_model", ())]
    if not uploads and settings.first == settings.second:
        raise _same_model_error(settings.first)


def run(settings: CompareSettings, inputs: Inputs, progress: Progress) -> Result:
    """Compares two language models on a text; `per_character` adds the loss of each character to the file."""
    start_time, file = time.monotonic(), inputs["text"][0]
    read = corpus.read(file.read(), settings.encoding)
    model_presets = [
        presets.load_uploaded_or_named(inputs, getattr(settings, slot), f"{slot}_model") for slot in SLOTS
    ]
    first, second = (language_model.load(preset) for preset in model_presets)
    if first.digest == second.digest:
        raise _same_model_error(first.name)
    held_out_nats = [_read_held_out_nats(preset) for preset in model_presets]
    first_nats, second_nats = held_out_nats
    offset = None if first_nats is None or second_nats is None else second_nats - first_nats
    comparison = compare(first, second, read.text, progress, offset or 0.0)
    names = [
        _find_model_name(inputs, slot, model.name) for slot, model in zip(SLOTS, (first, second), strict=True)
    ]
    figures = _collect_figures(comparison, names, held_out_nats) | {"offset": offset}
    figures["notes"] = [*read.notes, *comparison.notes, comparison_report.describe_correction(figures)]
    language_models = zip(SLOTS, (first, second), strict=True)
    weights = {model.name: model.digest for slot, model in language_models if not inputs.get(f"{slot}_model")}
    recipe = recipes.make("text.compare", settings, inputs, weights)
    report = {**figures, "text": comparison.text}
    if settings.per_character:
        report["nats"] = [_round_nats(row) for row in comparison.nats]
    output = File.store(json.dumps(report).encode(), "text", f"{Path(file.name).stem}-who.json")
    return Result((output,), {**figures, "seconds": time.monotonic() - start_time}, recipe)


def _find_model_name(inputs: Inputs, slot: str, name: str) -> str:
    return next((Path(file.name).stem for file in inputs.get(f"{slot}_model", ())), name)


def _read_held_out_nats(preset: Preset) -> float | None:
    """Returns the held-out nats per character of a language model, or None if its figures lack them."""
    nats = (preset.read_data().get("figures") or {}).get("nats_per_char")
    return float(nats) if isinstance(nats, int | float) and math.isfinite(nats) else None


def _same_model_error(name: str) -> InvalidInput:
    return invalid("choice of models", expected="two different language models", received=f"{name} twice")


def _collect_figures(
    comparison: Comparison, names: list[str], held_out_nats: list[float | None]
) -> dict[str, Any]:
    """Returns the figures of a comparison for JSON.

    Args:
        comparison: the comparison.
        names: names of both language models.
        held_out_nats: held-out nats per character of each, or None.
    """
    sides = [sentence.lead.side for sentence in comparison.sentences]
    return {
        "language_models": [
            {
                "name": name,
                "nats_per_char": comparison.overall.nats[n],
                "held_out_nats": held_out_nats[n],
                "sentence_count": sides.count(n),
            }
            for n, name in enumerate(names)
        ],
        "chars": len(comparison.text),
        "compared_chars": int(np.isfinite(comparison.nats[0]).sum()),
        **_collect_lead_figures(comparison.overall, names),
        "is_unlike_both": _is_unlike_both(comparison.overall, held_out_nats),
        "sentences": [
            {
                "start": sentence.start,
                "end": sentence.end,
                "nats": sentence.nats,
                **_collect_lead_figures(sentence, names),
            }
            for sentence in comparison.sentences
        ],
    }


def _collect_lead_figures(passage: Passage, names: list[str]) -> dict[str, Any]:
    side = passage.lead.side
    return {
        "language_model": None if side is None else names[side],
        "lead_nats": passage.lead.nats,
        "interval": passage.lead.interval,
    }


def _is_unlike_both(overall: Passage, held_out_nats: list[float | None]) -> bool:
    """Returns whether both losses are far above those on the models' own texts; False if one is unknown."""
    return all(
        own is not None and nats > own + MAX_EXCESS_NATS
        for nats, own in zip(overall.nats, held_out_nats, strict=True)
    )


def _round_nats(nats: np.ndarray) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 2) for value in nats]

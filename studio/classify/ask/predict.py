"""What images show: the likeliest labels of each, with how sure the classifier is."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from studio.classify.models import available
from studio.classify.settings import PredictSettings
from studio.core import recipes
from studio.core.errors import printable
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result


def run(settings: PredictSettings, inputs: Inputs, progress: Progress) -> Result:
    """Tells the likeliest labels of each image; the result is JSON, the same as among its figures."""
    began = time.monotonic()
    files = inputs["images"]
    images = [image_io.read(file.read(), file.name) for file in files]
    classifier = available.classifier(settings, inputs, progress)
    found = classifier.probabilities(images, progress)
    told = [
        {"path": file.name, "labels": best(row, classifier.classes, settings.top)}
        for file, row in zip(files, found, strict=True)
    ]
    recipe = recipes.make("classify.predict", settings, inputs, available.weights(classifier, inputs))
    answer: dict[str, Any] = {"images": told, **available.preprocessing(settings, inputs)}
    kept = File.keep(json.dumps(answer).encode(), "text", "labels.json")
    return Result((kept,), {**answer, "seconds": time.monotonic() - began}, recipe)


def best(probabilities: np.ndarray, classes: Sequence[str], count: int) -> list[dict[str, Any]]:
    """The likeliest labels of one image, best first: `{"label", "probability"}`.

    Args:
        probabilities: `(k,)`.
        classes: their `k` names.
        count: how many are told.
    """
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [{"label": classes[n], "probability": float(probabilities[n])} for n in order]


def readable(told: Mapping[str, Any]) -> str:
    """The same in a user's words: a line for each image, what it is first, then what else it may be."""
    notes = [f"({told['preprocessing_note']})"] if told.get("preprocessing_note") else []
    return "\n".join([*map(_line, told["images"]), *notes])


def _line(one: Mapping[str, Any]) -> str:
    labels = (f"{printable(a['label'])} {a['probability']:.1%}" for a in one["labels"])
    return f"{printable(one['path'], len(one['path']))}: {', '.join(labels)}"

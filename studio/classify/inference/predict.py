"""The task `classify.predict`: the most probable labels of images."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from studio.classify.models import available, rejection
from studio.classify.models.classifier import Classifier
from studio.classify.settings import PredictSettings
from studio.core import recipes
from studio.core.errors import make_printable
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result


def run(settings: PredictSettings, inputs: Inputs, progress: Progress) -> Result:
    """Classifies images. The result is a JSON file; the figures hold the same entries."""
    began = time.monotonic()
    files = inputs["images"]
    images = [image_io.read(file.read(), file.name) for file in files]
    classifier = available.load_classifier(settings, inputs, progress)
    probabilities = classifier.predict(images, progress)
    if not settings.reject:
        classifier = replace(classifier, threshold=0.0)
    results = [
        {
            "path": file.name,
            "labels": select_top_labels(row, classifier.classes, count_labels(classifier, row, settings.top)),
            **describe_rejection(classifier, row),
        }
        for file, row in zip(files, probabilities, strict=True)
    ]
    recipe = recipes.make("classify.predict", settings, inputs, available.list_weights(classifier, inputs))
    response: dict[str, Any] = {"images": results, **available.describe_imported_model(settings, inputs)}
    output = File.store(json.dumps(response).encode(), "text", "labels.json")
    return Result((output,), {**response, "seconds": time.monotonic() - began}, recipe)


def count_labels(classifier: Classifier, probabilities: np.ndarray, top: int) -> int:
    """Returns the number of classes to list: `top`, and more if more independent classes are predicted."""
    predicted = classifier.list_predicted(probabilities)
    return max(top, len(predicted or ()))


def select_top_labels(probabilities: np.ndarray, classes: Sequence[str], count: int) -> list[dict[str, Any]]:
    """Returns the most probable labels of an image, best first: `{"label", "probability"}`.

    Args:
        probabilities: `(k,)`.
        classes: their `k` names.
        count: number of labels.
    """
    order = np.argsort(-probabilities, kind="stable")[:count]
    return [{"label": classes[n], "probability": float(probabilities[n])} for n in order]


def describe_rejection(classifier: Classifier, probabilities: np.ndarray) -> dict[str, Any]:
    """Returns `none_of_these`, whether an image is none of the classes, and the `threshold`.

    For independent classes also `predicted`, the names of those that reach it, the most probable first. Empty
    for a classifier without a threshold.

    Args:
        classifier: the classifier.
        probabilities: of the image, `(k,)`.
    """
    if not classifier.threshold:
        return {}
    predicted = classifier.list_predicted(probabilities)
    return {
        rejection.KEY: classifier.rejects(probabilities),
        "threshold": classifier.threshold,
        **({} if predicted is None else {"predicted": predicted}),
    }


def format_predictions(response: Mapping[str, Any]) -> str:
    """Returns the predictions as text: one line for each image, best label first.

    Labels that are not predicted are in parentheses.
    """
    notes = [f"({response[key]})" for key in available.NOTES if response.get(key)]
    return "\n".join([*map(_format_line, response["images"]), *notes])


def _format_line(result: Mapping[str, Any]) -> str:
    labels = [f"{make_printable(a['label'])} {a['probability']:.1%}" for a in result["labels"]]
    count = len(result.get("predicted", () if result.get(rejection.KEY) else labels))
    text = ", ".join(labels[:count]) or rejection.LABEL
    text += f" ({', '.join(labels[count:])})" if labels[count:] else ""
    return f"{make_printable(result['path'], len(result['path']))}: {text}"

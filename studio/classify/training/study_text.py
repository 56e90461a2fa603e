"""The results of a study in sentences, for pages and the terminal. Does not load Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.objectives import backbones

PIXELS, EDGES, UNTRAINED = "pixels", "hog", "untrained"  # features without pretraining
_TITLES = {PIXELS: "pixels", EDGES: "edges (HOG)", UNTRAINED: "an untrained ResNet50"}
_ENSEMBLE_NOTE = " Their errors differ, so some of them cancel, and together the heads see more images."
_HIGH_PIXEL_ACCURACY = 0.85  # accuracy with pixels above which a class's images are very similar


def feature_title(kind: str) -> str:
    """Returns the display name of a kind of features."""
    return _TITLES.get(kind) or backbones.find_spec(kind).title


def describe_results(results: Mapping[str, Any]) -> dict[str, str]:
    """Returns a sentence on each of the five experiments, by name."""
    sizes = results["dataset_sizes"]
    few, medium, many = sizes[0], sizes[len(sizes) // 2], sizes[-1]
    single, *_, ensemble = results["ensemble"]["heads"]
    wrong_labels = results["wrong_labels"]
    return {
        "features": _describe_features(results["features"], results["tested"]),
        "regularization": _describe_strengths(results["regularization"]),
        "dataset_sizes": f"Test accuracy is {few['accuracy']:.0%} with {few['images']:,} training images per "
        f"class, {medium['accuracy']:.0%} with {medium['images']:,}, and {many['accuracy']:.0%} with "
        f"{many['images']:,}. The band shows the variation between random subsets.",
        "ensemble": f"One head trained on {results['ensemble']['each']:,} images per class reaches "
        f"{single['accuracy']:.0%}; an ensemble of {ensemble['heads']} heads, each trained on other images, "
        f"reaches {ensemble['accuracy']:.0%}."
        f"{_ENSEMBLE_NOTE if ensemble['accuracy'] > single['accuracy'] else ''}",
        "wrong_labels": f"Of {wrong_labels['images']:,} labels, {wrong_labels['wrong']:,} were changed to "
        "another class, drawn uniformly. The list of suspicious labels has "
        f"{len(wrong_labels['list']):,} images, and {sum(wrong_labels['list']):,} of them have a wrong "
        "label. With labels changed to the most similar "
        f"class, as human errors are, the list has {len(wrong_labels['list_similar']):,} images, "
        f"{sum(wrong_labels['list_similar']):,} of them wrong.",
    }


def _describe_features(rows: Sequence[Mapping[str, Any]], test_count: int) -> str:
    best, worst = (pick(rows, key=lambda row: row["accuracy"]) for pick in (max, min))
    pixel_accuracy = next(row["accuracy"] for row in rows if row["kind"] == PIXELS)
    sentence = (
        f"On {test_count:,} test images, the same head reaches {best['accuracy']:.0%} with "
        f"{feature_title(best['kind'])} and {worst['accuracy']:.0%} with {feature_title(worst['kind'])}. The "
        "gray lines are 95% confidence intervals."
    )
    note = " These images are so similar within a class that even raw pixels suffice."
    return sentence + (note if pixel_accuracy > _HIGH_PIXEL_ACCURACY else "")


def _describe_strengths(rows: Sequence[Mapping[str, float]]) -> str:
    best, weakest = min(rows, key=lambda row: row["validation_loss"]), rows[-1]
    memorization = (
        "With almost no regularization, the head memorizes the training images "
        f"({weakest['training_loss']:.2f} nats) and its validation loss is high "
        f"({weakest['validation_loss']:.2f})."
    )
    if best is weakest:
        return "The validation loss is lowest with almost no regularization: more of it does not help."
    ratio = best["strength"] / weakest["strength"]
    lowest = f"The lowest validation loss, {best['validation_loss']:.2f}, needs {ratio:,.0f} times as much."
    return f"{memorization} {lowest}"


def format_results(results: Mapping[str, Any]) -> str:
    """Returns the results as text for the terminal."""
    lines = [f"Trained on {results['training_images']:,} images, tested on {results['tested']:,} others", ""]
    for row in results["features"]:
        low, high = row["interval"]
        lines.append(
            f"{feature_title(row['kind']):22} {row['accuracy']:4.0%} accuracy ({low:.0%} to {high:.0%})"
        )
    lines += [
        "",
        *(f"- {sentence}" for sentence in describe_results(results).values()),
        "",
        *results["notes"],
    ]
    return "\n".join(lines)

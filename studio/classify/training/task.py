"""Training and auditing as tasks: a data set in, a packed model or a report out."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.data import audit as looked
from studio.classify.data import matching
from studio.classify.models import available, trained, whole_network
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.classify.training import card, doubts, head, held_out, on_base, teach_head, training_set
from studio.classify.training.evaluate import evaluate
from studio.classify.training.teach_head import Taught
from studio.classify.training.training_set import TrainingSet
from studio.core import data, recipes
from studio.core.data import duplicates
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish

if TYPE_CHECKING:
    import keras

MOST_TESTED = 2000  # held-out images of which a model tells what it took them for
MOST_NAMES = 200_000  # characters of all their names together
_LEFT_OUT = (
    "A fifth of the training images was held out for validation. Train again without it to use all images."
)
_HEAD_ALONE = "Stopped before the first step of fine-tuning, so only the head was trained."


@checkpoints.one_at_a_time(trained.TASK)
def train(settings: TrainClassifierSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a classifier. See `teach_head.teach` and `finetune` next to this file."""
    began = time.monotonic()
    file = inputs["data"][0]
    given = next(iter(inputs.get("model", ())), None)
    base = available.given(settings, inputs)
    looks = given.name if given else settings.backbone
    found = training_set.load(
        file,
        looks,
        settings.size,
        settings.held_out,
        settings.seed,
        progress,
        base,
        settings.validation and settings.finetune,
    )
    looking = time.monotonic() - began
    taught = teach_head.teach(found, settings, progress)
    probabilities = taught.probabilities[found.held_out]
    figures: dict[str, Any] = {"ended": "", "steps": 0, "seconds_before": 0.0}
    figures["head_accuracy"] = _accuracy(found, found.held_out, probabilities)
    validated, guesses = found.learned, taught.left_out
    if settings.finetune:
        made, probabilities, guesses, more = _finetuned(settings, inputs, found, taught, progress)
        validated = found.validation
        figures |= more
    elif base:
        made = on_base.network(base, len(found.classes), settings, taught.weights)
    else:
        made = teach_head.tail(found, settings, taught)
    stopped = [_HEAD_ALONE] if settings.finetune and not figures["steps"] else []
    if settings.validation and len(validated):
        figures["validation_accuracy"] = _accuracy(found, validated, guesses)
        figures["validation_n"] = len(validated)
        stopped += [_LEFT_OUT] if settings.finetune else []
    truth = found.labels(found.held_out)
    evaluation = evaluate(probabilities, truth, found.classes)
    figures |= {
        **{name: evaluation[name] for name in ("accuracy", "n")},
        "interval": evaluation["interval"],
        "nats": head.loss(probabilities, truth),
        "calibration_error": evaluation["calibration"]["error"],
        "calibration_floor": evaluation["calibration"]["floor"],
        "images": len(found.dataset.names),
        "held_out": len(found.held_out),
        "strength": taught.choice.strength,
        "parameters": made.count_params(),
        "seconds_looking": looking,
        "seconds": figures["seconds_before"] + time.monotonic() - began,
        "notes": [
            *available.preprocessing_notes(settings, inputs),
            *found.notes,
            *settings.without_effect(looks if base else ""),
            *stopped,
        ],
    }
    known = _known(settings, found, taught, probabilities) | {"evaluation": evaluation}
    if base:
        known[whole_network.KEY] = whole_network.description(made, base, looks)
    job = publish.Job(trained.TASK, "train_classifier", settings, inputs)
    result = job.publish(
        made,
        dict(figures),
        partial(card.write, known=known),
        known=known,
        more=("--base", given.name) if given else (),
        weights=found.weights,
        image=card.image(found.classes, settings, evaluation, known["learning_curve"]),
    )
    doubted = _suspicious(found, taught)
    figures |= {"evaluation": evaluation, "learning_curve": known["learning_curve"], "suspicious": doubted}
    return replace(result, figures=figures)


def _finetuned(
    settings: TrainClassifierSettings, inputs: Inputs, found: TrainingSet, taught: Taught, progress: Progress
) -> tuple[keras.Model, np.ndarray, np.ndarray, dict[str, Any]]:
    """The top with the head, its probabilities on test and validation images, and its figures."""
    from studio.classify.training import finetune

    run = checkpoints.find(trained.TASK, settings, inputs)
    try:
        tuned = finetune.finetune(found, taught.weights, settings, progress, run)
    except Cancelled:  # before the first step: what the head has learned is there
        top = finetune.start(found, taught.weights, settings)
        heads = (taught.probabilities[rows] for rows in (found.held_out, found.validation))
        return top, *heads, {"ended": "cancelled"}
    more = {"ended": tuned.ended, "steps": tuned.step, "seconds_before": tuned.seconds_before}
    curve = {"steps": tuned.curves.steps, **tuned.curves.measured}
    return tuned.result, tuned.probabilities, tuned.validated, more | {"curve": curve}


def _accuracy(found: TrainingSet, rows: np.ndarray, probabilities: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == found.labels(rows)).mean())


def _known(
    settings: TrainClassifierSettings,
    found: TrainingSet,
    taught: Taught,
    probabilities: np.ndarray,
) -> dict[str, Any]:
    """What the model's folder says besides its figures."""
    rows = _told(found)
    shown = probabilities[rows]
    places = teach_head.projection(found, taught, found.held_out[rows])
    return {
        "classes": list(found.classes),
        "held_out": held_out.record(found.dataset, found.learned, found.held_out),
        "tested": {
            "names": [found.dataset.names[row] for row in found.held_out[rows]],
            "truth": found.labels(found.held_out[rows]).tolist(),
            "guess": shown.argmax(axis=1).tolist(),
            "confidence": [round(float(value), 3) for value in shown.max(axis=1)],
        },
        "map": {axis: [round(float(v), 3) for v in places[:, n]] for n, axis in enumerate("xy")},
        "learning_curve": teach_head.learning_curve(found, taught, settings.seed),
    }


def _told(found: TrainingSet) -> np.ndarray:
    """Places among the held-out images of those that the model tells of: so many as its file can hold."""
    names = [found.dataset.names[row] for row in found.held_out]
    longest = max(map(len, names))
    most = max(1, min(MOST_TESTED, MOST_NAMES // longest, len(names)))
    return np.unique(np.linspace(0, len(names) - 1, most).astype("int64"))


def _suspicious(found: TrainingSet, taught: Taught) -> list[dict[str, Any]]:
    """Of all images: those learned from by the heads that left them out, the others by the last one."""
    rows, guesses = found.held_out, taught.probabilities[found.held_out]
    if len(taught.choice.left_out):
        rows = np.concatenate([found.learned, rows])
        guesses = np.concatenate([taught.choice.left_out, guesses])
    return looked.suspicious(found.dataset, rows, guesses)


def audit(settings: AuditSettings, inputs: Inputs, progress: Progress) -> Result:
    """Looks a data set over. See `studio.classify.data.audit.facts`."""
    began = time.monotonic()
    file = inputs["data"][0]
    given = inputs.get("model", ())
    base = available.given(settings, inputs) if settings.suspicious else None
    images = data.load_dataset(file, matching.side(base.size) if base else settings.size, 3, progress)
    alike = duplicates.find(images, progress)
    found = looked.facts(images, alike)
    found["notes"] += settings.without_effect(given[0].name if given else "")
    weights: dict[str, str] = {}
    stopped = False
    if settings.suspicious:
        try:
            if base:
                looked.check(images, file.name)
                told = doubts.by_classifier(
                    base, given[0].name, images, alike.labels, settings.seed, progress
                )
                found["notes"] += [*available.preprocessing_notes(settings, inputs), *told.pop("notes")]
                found |= told | available.preprocessing(settings, inputs)
            else:
                found["suspicious"], weights = _doubted(settings, file, progress)
        except StudioError as error:
            found["notes"].append(f"Labels were not checked. {error}")
        except Cancelled:
            stopped = True
    found["seconds"] = time.monotonic() - began
    recipe = recipes.make("classify.audit", settings, inputs, weights)
    text = looked.report(file.name, found).encode("utf-8", "replace")
    kept = File.keep(text, "text", f"{Path(file.name).stem}-audit.md")
    return Result((kept,), found, recipe, stopped)


def _doubted(
    settings: AuditSettings, file: File, progress: Progress
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    found = training_set.load(file, settings.backbone, settings.size, 0.0, settings.seed, progress)
    labels = found.dataset.known_labels
    choice = head.choose(found.features, labels, len(found.classes), found.parts, settings.seed, progress)
    doubted = looked.suspicious(found.dataset, found.learned, choice.left_out)
    return doubted, found.weights

"""The tasks `classify.train` and `classify.audit`."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.data import audit as data_audit
from studio.classify.data import matching
from studio.classify.models import available, trained, whole_network
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.classify.training import card, doubts, head, held_out, on_base, train_head, training_set
from studio.classify.training.evaluate import evaluate
from studio.classify.training.train_head import TrainedHead
from studio.classify.training.training_set import TrainingSet
from studio.core import data, recipes
from studio.core.data import duplicates
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish

if TYPE_CHECKING:
    import keras

MAX_LISTED_PREDICTIONS = 2000  # test images whose predictions a preset stores
MAX_NAME_CHARACTERS = 200_000  # total characters of their names
_VALIDATION_NOTE = (
    "A fifth of the training images was held out for validation. Train again without it to use all images."
)
_HEAD_ONLY_NOTE = "Stopped before the first step of fine-tuning, so only the head was trained."


@checkpoints.lock_run(trained.TASK)
def train(settings: TrainClassifierSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a classifier. See `train_head.train` and `finetune.finetune`."""
    began = time.monotonic()
    file = inputs["data"][0]
    base_file = next(iter(inputs.get("model", ())), None)
    base = available.open_input(settings, inputs)
    extractor_name = base_file.name if base_file else settings.backbone
    samples = training_set.load(
        file,
        extractor_name,
        settings.size,
        settings.held_out,
        settings.seed,
        progress,
        base,
        settings.validation and settings.finetune,
    )
    extraction_seconds = time.monotonic() - began
    trained_head = train_head.train(samples, settings, progress)
    probabilities = trained_head.probabilities[samples.held_out]
    figures: dict[str, Any] = {"ended": "", "steps": 0, "seconds_before": 0.0}
    figures["head_accuracy"] = _measure_accuracy(samples, samples.held_out, probabilities)
    validation_rows, guesses = samples.train_rows, trained_head.left_out
    if settings.finetune:
        network, probabilities, guesses, more = _finetune(settings, inputs, samples, trained_head, progress)
        validation_rows = samples.validation
        figures |= more
    elif base:
        network = on_base.attach_head(base, len(samples.classes), settings, trained_head.weights)
    else:
        network = train_head.build_head_network(samples, settings, trained_head)
    run_notes = [_HEAD_ONLY_NOTE] if settings.finetune and not figures["steps"] else []
    if settings.validation and len(validation_rows):
        figures["validation_accuracy"] = _measure_accuracy(samples, validation_rows, guesses)
        figures["validation_n"] = len(validation_rows)
        run_notes += [_VALIDATION_NOTE] if settings.finetune else []
    truth = samples.labels(samples.held_out)
    evaluation = evaluate(probabilities, truth, samples.classes)
    figures |= {
        **{name: evaluation[name] for name in ("accuracy", "n")},
        "interval": evaluation["interval"],
        "nats": head.log_loss(probabilities, truth),
        "calibration_error": evaluation["calibration"]["error"],
        "calibration_floor": evaluation["calibration"]["floor"],
        "images": len(samples.dataset.names),
        "held_out": len(samples.held_out),
        "strength": trained_head.choice.strength,
        "parameters": network.count_params(),
        "seconds_looking": extraction_seconds,
        "seconds": figures["seconds_before"] + time.monotonic() - began,
        "notes": [
            *available.list_preprocessing_notes(settings, inputs),
            *samples.notes,
            *settings.without_effect(extractor_name if base else ""),
            *run_notes,
        ],
    }
    model_data = _collect_model_data(settings, samples, trained_head, probabilities) | {"evaluation": evaluation}
    if base:
        model_data[whole_network.KEY] = whole_network.description(network, base, extractor_name)
    job = publish.Job(trained.TASK, "train_classifier", settings, inputs)
    result = job.publish(
        network,
        dict(figures),
        partial(card.write, model_data=model_data),
        metadata=model_data,
        more=("--base", base_file.name) if base_file else (),
        weights=samples.weights,
        image=card.draw_figure(samples.classes, settings, evaluation, model_data["learning_curve"]),
    )
    suspicious = _find_suspicious_labels(samples, trained_head)
    figures |= {
        "evaluation": evaluation,
        "learning_curve": model_data["learning_curve"],
        "suspicious": suspicious,
    }
    return replace(result, figures=figures)


def _finetune(
    settings: TrainClassifierSettings,
    inputs: Inputs,
    samples: TrainingSet,
    trained_head: TrainedHead,
    progress: Progress,
) -> tuple[keras.Model, np.ndarray, np.ndarray, dict[str, Any]]:
    """Fine-tunes the top of the backbone.

    Returns:
        The trained part, its probabilities for the test images and for the validation images, and metrics.
    """
    from studio.classify.training import finetune

    run = checkpoints.find_run(trained.TASK, settings, inputs)
    try:
        tuner = finetune.finetune(samples, trained_head.weights, settings, progress, run)
    except Cancelled:  # before the first step: keep the trained head
        top = finetune.build_top(samples, trained_head.weights, settings)
        heads = (trained_head.probabilities[rows] for rows in (samples.held_out, samples.validation))
        return top, *heads, {"ended": "cancelled"}
    more = {"ended": tuner.ended, "steps": tuner.step, "seconds_before": tuner.seconds_before}
    curve = {"steps": tuner.curves.steps, **tuner.curves.by_name}
    return tuner.result, tuner.probabilities, tuner.validation_probabilities, more | {"curve": curve}


def _measure_accuracy(samples: TrainingSet, rows: np.ndarray, probabilities: np.ndarray) -> float:
    return float((probabilities.argmax(axis=1) == samples.labels(rows)).mean())


def _collect_model_data(
    settings: TrainClassifierSettings,
    samples: TrainingSet,
    trained_head: TrainedHead,
    probabilities: np.ndarray,
) -> dict[str, Any]:
    """Returns what the preset's settings.json stores besides the metrics."""
    rows = _sample_test_rows(samples)
    sampled_probabilities = probabilities[rows]
    points = train_head.project_to_plane(samples, trained_head, samples.held_out[rows])
    return {
        "classes": list(samples.classes),
        "held_out": held_out.make_record(samples.dataset, samples.train_rows, samples.held_out),
        "tested": {
            "names": [samples.dataset.names[row] for row in samples.held_out[rows]],
            "truth": samples.labels(samples.held_out[rows]).tolist(),
            "guess": sampled_probabilities.argmax(axis=1).tolist(),
            "confidence": [round(float(value), 3) for value in sampled_probabilities.max(axis=1)],
        },
        "map": {axis: [round(float(v), 3) for v in points[:, n]] for n, axis in enumerate("xy")},
        "learning_curve": train_head.measure_learning_curve(samples, trained_head, settings.seed),
    }


def _sample_test_rows(samples: TrainingSet) -> np.ndarray:
    """Returns indices into the test split, evenly spaced, as many as a preset may list."""
    names = [samples.dataset.names[row] for row in samples.held_out]
    longest = max(map(len, names))
    most = max(1, min(MAX_LISTED_PREDICTIONS, MAX_NAME_CHARACTERS // longest, len(names)))
    return np.unique(np.linspace(0, len(names) - 1, most).astype("int64"))


def _find_suspicious_labels(samples: TrainingSet, trained_head: TrainedHead) -> list[dict[str, Any]]:
    """Lists suspicious labels.

    Uses cross-validated predictions for training images, and the final head for test images.
    """
    rows, guesses = samples.held_out, trained_head.probabilities[samples.held_out]
    if len(trained_head.choice.left_out):
        rows = np.concatenate([samples.train_rows, rows])
        guesses = np.concatenate([trained_head.choice.left_out, guesses])
    return data_audit.find_suspicious_labels(samples.dataset, rows, guesses)


def audit(settings: AuditSettings, inputs: Inputs, progress: Progress) -> Result:
    """Audits a dataset. See `studio.classify.data.audit.describe`."""
    began = time.monotonic()
    file = inputs["data"][0]
    base_files = inputs.get("model", ())
    base = available.open_input(settings, inputs) if settings.suspicious else None
    images = data.load_dataset(file, matching.dataset_side(base.size) if base else settings.size, 3, progress)
    near_duplicates = duplicates.find(images, progress)
    findings = data_audit.describe(images, near_duplicates)
    findings["notes"] += settings.without_effect(base_files[0].name if base_files else "")
    weights: dict[str, str] = {}
    is_stopped = False
    if settings.suspicious:
        try:
            if base:
                data_audit.check(images, file.name)
                label_check = doubts.check_labels(
                    base, base_files[0].name, images, near_duplicates.labels, settings.seed, progress
                )
                findings["notes"] += [
                    *available.list_preprocessing_notes(settings, inputs),
                    *label_check.pop("notes"),
                ]
                findings |= label_check | available.describe_preprocessing(settings, inputs)
            else:
                findings["suspicious"], weights = _find_suspicious_with_head(settings, file, progress)
        except StudioError as error:
            findings["notes"].append(f"Labels were not checked. {error}")
        except Cancelled:
            is_stopped = True
    findings["seconds"] = time.monotonic() - began
    recipe = recipes.make("classify.audit", settings, inputs, weights)
    text = data_audit.format_report(file.name, findings).encode("utf-8", "replace")
    report_file = File.keep(text, "text", f"{Path(file.name).stem}-audit.md")
    return Result((report_file,), findings, recipe, is_stopped)


def _find_suspicious_with_head(
    settings: AuditSettings, file: File, progress: Progress
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Returns suspicious labels by a cross-validated head, and the backbone's weights for the recipe."""
    samples = training_set.load(file, settings.backbone, settings.size, 0.0, settings.seed, progress)
    labels = samples.dataset.known_labels
    choice = head.choose_strength(
        samples.features, labels, len(samples.classes), samples.parts, settings.seed, progress
    )
    suspicious = data_audit.find_suspicious_labels(samples.dataset, samples.train_rows, choice.left_out)
    return suspicious, samples.weights

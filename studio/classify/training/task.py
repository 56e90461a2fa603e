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
from studio.classify.models import available, rejection, trained, whole_network
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.classify.training import (
    base_head,
    card,
    head,
    label_check,
    split_record,
    train_head,
    training_set,
)
from studio.classify.training.evaluate import (
    evaluate,
    list_metrics,
    list_predictions,
    list_top_losses,
    measure,
)
from studio.classify.training.train_head import TrainedHead
from studio.classify.training.training_set import TrainingSet
from studio.core import data, recipes
from studio.core.data import near_duplicates
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish

if TYPE_CHECKING:
    import keras

MAX_LISTED_PREDICTIONS = 2000  # test images whose predictions a preset stores
MAX_NAME_CHARACTERS = 200_000  # total length of their names
_VALIDATION_NOTE = (
    "A fifth of the training images was held out for validation. Train again without it to use all images."
)
_NO_FLIP_NOTE = (
    "Images were not mirrored, because the class names suggest that left and right matter. Choose the "
    "horizontal flip “on” to mirror them."
)
_NO_LABEL_CHECK_NOTE = "Labels were not checked, because an image can have several labels."
_HEAD_ONLY_NOTE = "Stopped before the first step of fine-tuning, so only the head was trained."


@checkpoints.lock_run(trained.TASK)
def train(settings: TrainClassifierSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a classifier. See `train_head.train` and `finetune.finetune`."""
    began = time.monotonic()
    dataset_file = inputs["data"][0]
    base_file = next(iter(inputs.get("model", ())), None)
    base = available.load_input(settings, inputs)
    extractor_name = base_file.name if base_file else settings.backbone
    samples = training_set.load(
        dataset_file,
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
    probabilities = trained_head.probabilities[samples.test_rows]
    figures: dict[str, Any] = {"ended": "", "steps": 0, "seconds_before": 0.0}
    truth = samples.labels(samples.test_rows)
    figures |= {f"head_{name}": value for name, value in measure(probabilities, truth).items()}
    validation_rows, validation_probabilities = samples.train_rows, trained_head.validation_probabilities
    if len(samples.validation_rows):
        validation_rows = samples.validation_rows
        validation_probabilities = trained_head.probabilities[validation_rows]
    if settings.finetune:
        network, probabilities, validation_probabilities, tuning_figures = _finetune(
            settings, inputs, samples, trained_head, progress
        )
        validation_rows = samples.validation_rows
        figures |= tuning_figures
    elif base:
        network = base_head.attach_head(
            base, len(samples.classes), settings, trained_head.weights, samples.is_multi_label
        )
    else:
        network = train_head.build_head_network(samples, settings, trained_head)
    run_notes = [_HEAD_ONLY_NOTE] if settings.finetune and not figures["steps"] else []
    if settings.finetune and settings.flip == "auto" and not settings.mirrors(samples.classes):
        run_notes.append(_NO_FLIP_NOTE)
    if len(validation_probabilities):
        metrics = measure(validation_probabilities, samples.labels(validation_rows))
        figures |= {f"validation_{name}": value for name, value in metrics.items()}
        figures["validation_n"] = len(validation_rows)
        run_notes += [_VALIDATION_NOTE] if settings.finetune and not samples.has_own_split else []
    held_out_rows, held_out_probabilities = samples.test_rows, probabilities
    if len(samples.validation_rows):
        held_out_rows, held_out_probabilities = samples.validation_rows, validation_probabilities
    threshold_record = rejection.choose_threshold(
        held_out_probabilities, samples.labels(held_out_rows), settings.coverage
    )
    evaluation = evaluate(probabilities, truth, samples.classes)
    figures |= {
        **list_metrics(evaluation),
        "nats": head.log_loss(probabilities, truth),
        "images": len(samples.dataset.names),
        "held_out": len(samples.test_rows),
        "split": "folders" if samples.has_own_split else "random",
        "strength": trained_head.choice.strength,
        "temperature": trained_head.temperature,
        "parameters": network.count_params(),
        "extraction_seconds": extraction_seconds,
        "seconds": figures["seconds_before"] + time.monotonic() - began,
        "notes": [
            *available.list_imported_model_notes(settings, inputs, ("preprocessing_note",)),
            *samples.notes,
            *settings.describe_unused(extractor_name if base else ""),
            *run_notes,
        ],
    }
    model_data = _collect_model_data(settings, samples, trained_head, probabilities) | {
        "evaluation": evaluation,
        rejection.KEY: threshold_record,
    }
    if base:
        model_data[whole_network.KEY] = whole_network.describe(network, base, extractor_name)
    job = publish.TrainingJob(trained.TASK, "train_classifier", settings, inputs)
    result = job.publish(
        network,
        dict(figures),
        partial(card.compose, model_data=model_data),
        metadata=model_data,
        extra_arguments=("--base", base_file.name) if base_file else (),
        weights=samples.weights,
        image=card.draw_figure(samples.classes, settings, evaluation, model_data["learning_curve"]),
    )
    figures |= {
        "evaluation": evaluation,
        "learning_curve": model_data["learning_curve"],
        "suspicious": _find_suspicious_labels(samples, trained_head),
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
        probabilities = trained_head.probabilities
        return (
            top,
            probabilities[samples.test_rows],
            probabilities[samples.validation_rows],
            {"ended": "cancelled"},
        )
    figures = {
        "ended": tuner.stop_reason,
        "steps": tuner.step,
        "seconds_before": tuner.seconds_before,
        "curve": {"steps": tuner.curves.steps, **tuner.curves.by_name},
    }
    return tuner.result, tuner.probabilities, tuner.validation_probabilities, figures


def _collect_model_data(
    settings: TrainClassifierSettings,
    samples: TrainingSet,
    trained_head: TrainedHead,
    probabilities: np.ndarray,
) -> dict[str, Any]:
    """Returns what the preset's settings.json stores besides the metrics."""
    listed = _sample_test_rows(samples)
    rows = samples.test_rows[listed]
    points = train_head.project_to_plane(samples, trained_head, rows)
    return {
        "classes": list(samples.classes),
        trained.MULTI_LABEL: samples.is_multi_label,
        "held_out": split_record.make_record(samples.dataset, samples.train_rows, samples.test_rows),
        "tested": list_predictions(samples.dataset, rows, samples.labels(rows), probabilities[listed]),
        "top_losses": list_top_losses(
            samples.dataset,
            samples.test_rows,
            samples.labels(samples.test_rows),
            probabilities,
            samples.classes,
        ),
        "map": {axis: [round(float(v), 3) for v in points[:, n]] for n, axis in enumerate("xy")},
        "learning_curve": train_head.measure_learning_curve(samples, trained_head, settings.seed),
    }


def _sample_test_rows(samples: TrainingSet) -> np.ndarray:
    """Returns indices into the test split, evenly spaced, as many as a preset may list."""
    names = [samples.dataset.names[row] for row in samples.test_rows]
    count = max(1, min(MAX_LISTED_PREDICTIONS, MAX_NAME_CHARACTERS // max(map(len, names)), len(names)))
    return np.unique(np.linspace(0, len(names) - 1, count).astype("int64"))


def _find_suspicious_labels(samples: TrainingSet, trained_head: TrainedHead) -> list[dict[str, Any]]:
    """Returns the suspicious labels of the training and test images.

    Uses cross-validated predictions for training images, and the final head for test images. Returns none if
    an image can have several labels.
    """
    if samples.is_multi_label:
        return []
    rows, probabilities = samples.test_rows, trained_head.probabilities[samples.test_rows]
    if len(trained_head.choice.validation_probabilities):
        rows = np.concatenate([samples.train_rows, rows])
        probabilities = np.concatenate([trained_head.choice.validation_probabilities, probabilities])
    return data_audit.find_suspicious_labels(samples.dataset, rows, probabilities)


def audit(settings: AuditSettings, inputs: Inputs, progress: Progress) -> Result:
    """Audits a dataset. See `studio.classify.data.audit.describe`."""
    began = time.monotonic()
    file = inputs["data"][0]
    base_files = inputs.get("model", ())
    base = available.load_input(settings, inputs) if settings.suspicious else None
    side = matching.dataset_side(base.size) if base else settings.size
    dataset = data.load_dataset(file, side, 3, progress)
    duplicates = near_duplicates.find(dataset, progress)
    findings = data_audit.describe(dataset, duplicates)
    findings["notes"] += settings.describe_unused(base_files[0].name if base_files else "")
    weights: dict[str, str] = {}
    is_stopped = False
    if settings.suspicious and dataset.multi_hot is not None:
        findings["notes"].append(_NO_LABEL_CHECK_NOTE)
    elif settings.suspicious:
        try:
            if base:
                data_audit.check(dataset, file.name)
                label_findings = label_check.check_labels(
                    base, base_files[0].name, dataset, duplicates.labels, settings.seed, progress
                )
                findings["notes"] += [
                    *available.list_imported_model_notes(settings, inputs),
                    *label_findings.pop("notes"),
                ]
                findings |= label_findings | available.describe_imported_model(settings, inputs)
            else:
                findings["suspicious"], weights = _find_suspicious_labels_with_head(settings, file, progress)
        except StudioError as error:
            findings["notes"].append(f"Labels were not checked. {error}")
        except Cancelled:
            is_stopped = True
    findings["seconds"] = time.monotonic() - began
    recipe = recipes.make("classify.audit", settings, inputs, weights)
    text = data_audit.format_report(file.name, findings).encode("utf-8", "replace")
    report_file = File.store(text, "text", f"{Path(file.name).stem}-audit.md")
    return Result((report_file,), findings, recipe, is_stopped)


def _find_suspicious_labels_with_head(
    settings: AuditSettings, file: File, progress: Progress
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Returns the suspicious labels, found by cross-validation, and the backbone's weights for the recipe."""
    samples = training_set.load(file, settings.backbone, settings.size, 0.0, settings.seed, progress)
    labels = samples.dataset.known_labels
    choice = head.choose_strength(
        samples.features, labels, len(samples.classes), samples.folds, settings.seed, progress
    )
    suspicious = data_audit.find_suspicious_labels(
        samples.dataset, samples.train_rows, choice.validation_probabilities
    )
    return suspicious, samples.weights

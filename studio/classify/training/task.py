"""The tasks `classify.train` and `classify.audit`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.classify.data import audit as data_audit
from studio.classify.data import matching
from studio.classify.models import available, rejection, trained, whole_network
from studio.classify.models.classifier import Classifier
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
_NOT_TUNED: Mapping[str, Any] = {"ended": "", "steps": 0, "seconds_before": 0.0}
_HEAD_ONLY_NOTE = "Stopped before the first step of fine-tuning, so only the head was trained."


@dataclass(frozen=True)
class _TrainedNetwork:
    """A trained network and its probabilities of held-out images.

    Attributes:
        network: what the preset stores: the head, the fine-tuned layers, or a whole imported network.
        test_probabilities: `(n, k)`, of the test split.
        validation_rows: rows of the images that `validation_probabilities` are of.
        validation_probabilities: `(m, k)`, of the validation split; without one, of the training images by
            cross-validation, or empty.
        tuning: figures of fine-tuning.
    """

    network: keras.Model
    test_probabilities: np.ndarray
    validation_rows: np.ndarray
    validation_probabilities: np.ndarray
    tuning: Mapping[str, Any] = field(default_factory=lambda: _NOT_TUNED)


@checkpoints.lock_run(trained.TASK)
def train(settings: TrainClassifierSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a classifier. See `train_head.train` and `finetune.finetune`."""
    began = time.monotonic()
    base_file = next(iter(inputs.get("model", ())), None)
    base = available.load_input(settings, inputs)
    extractor_name = base_file.name if base_file else settings.backbone
    samples = training_set.load(
        inputs["data"][0],
        extractor_name,
        settings.size,
        settings.held_out,
        settings.seed,
        progress,
        base,
        validation=settings.validation and settings.finetune,
    )
    extraction_seconds = time.monotonic() - began
    trained_head = train_head.train(samples, settings, progress)
    trained_network = _train_network(settings, inputs, samples, trained_head, base, progress)
    network, probabilities = trained_network.network, trained_network.test_probabilities
    evaluation = evaluate(probabilities, samples.labels(samples.test_rows), samples.classes)
    model_data = _collect_model_data(settings, samples, trained_head, probabilities) | {
        "evaluation": evaluation,
        rejection.KEY: _choose_threshold(settings, samples, trained_network),
    }
    if base:
        model_data[whole_network.KEY] = whole_network.describe(network, base, extractor_name)
    figures: dict[str, Any] = {
        **trained_network.tuning,
        **_measure(samples, trained_head, trained_network),
        **list_metrics(evaluation),
        "images": len(samples.dataset.names),
        "held_out": len(samples.test_rows),
        "split": "folders" if samples.has_own_split else "random",
        "strength": trained_head.choice.strength,
        "temperature": trained_head.temperature,
        "parameters": network.count_params(),
        "extraction_seconds": extraction_seconds,
        "seconds": trained_network.tuning["seconds_before"] + time.monotonic() - began,
        "notes": [
            *available.list_imported_model_notes(settings, inputs, ("preprocessing_note",)),
            *samples.notes,
            *settings.describe_unused(extractor_name if base else ""),
            *_list_tuning_notes(settings, samples, trained_network),
        ],
    }
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


def _train_network(
    settings: TrainClassifierSettings,
    inputs: Inputs,
    samples: TrainingSet,
    trained_head: TrainedHead,
    base: Classifier | None,
    progress: Progress,
) -> _TrainedNetwork:
    """Fine-tunes the backbone with its trained head; otherwise builds a network of the head alone."""
    if settings.finetune:
        return _finetune(settings, inputs, samples, trained_head, progress)
    if base:
        network = base_head.attach_head(
            base, len(samples.classes), settings, trained_head.weights, samples.is_multi_label
        )
    else:
        network = train_head.build_head_network(samples, settings, trained_head)
    rows, probabilities = samples.train_rows, trained_head.validation_probabilities
    if len(samples.validation_rows):
        rows, probabilities = samples.validation_rows, trained_head.probabilities[samples.validation_rows]
    return _TrainedNetwork(network, trained_head.probabilities[samples.test_rows], rows, probabilities)


def _finetune(
    settings: TrainClassifierSettings,
    inputs: Inputs,
    samples: TrainingSet,
    trained_head: TrainedHead,
    progress: Progress,
) -> _TrainedNetwork:
    """Fine-tunes the top of the backbone."""
    from studio.classify.training import finetune

    rows = samples.validation_rows
    run = checkpoints.find_run(trained.TASK, settings, inputs)
    try:
        tuner = finetune.finetune(samples, trained_head.weights, settings, progress, run)
    except Cancelled:  # before the first step: keep the trained head
        top = finetune.build_top(samples, trained_head.weights, settings)
        probabilities = trained_head.probabilities
        tuning = {**_NOT_TUNED, "ended": "cancelled"}
        return _TrainedNetwork(top, probabilities[samples.test_rows], rows, probabilities[rows], tuning)
    tuning = {
        "ended": tuner.stop_reason,
        "steps": tuner.step,
        "seconds_before": tuner.seconds_before,
        "curve": {"steps": tuner.curves.steps, **tuner.curves.by_name},
    }
    return _TrainedNetwork(tuner.result, tuner.probabilities, rows, tuner.validation_probabilities, tuning)


def _choose_threshold(
    settings: TrainClassifierSettings, samples: TrainingSet, trained_network: _TrainedNetwork
) -> dict[str, Any]:
    """Chooses the threshold of the reject option on the validation split, else on the test split."""
    rows, probabilities = samples.test_rows, trained_network.test_probabilities
    if len(samples.validation_rows):
        rows, probabilities = samples.validation_rows, trained_network.validation_probabilities
    return rejection.choose_threshold(probabilities, samples.labels(rows), settings.coverage)


def _measure(
    samples: TrainingSet, trained_head: TrainedHead, trained_network: _TrainedNetwork
) -> dict[str, Any]:
    """Returns the loss, and the metrics of the head alone (`head_*`) and of validation (`validation_*`)."""
    truth = samples.labels(samples.test_rows)
    metrics = measure(trained_head.probabilities[samples.test_rows], truth)
    figures = {f"head_{name}": value for name, value in metrics.items()}
    figures["nats"] = head.log_loss(trained_network.test_probabilities, truth)
    rows = trained_network.validation_rows
    if len(trained_network.validation_probabilities):
        metrics = measure(trained_network.validation_probabilities, samples.labels(rows))
        figures |= {f"validation_{name}": value for name, value in metrics.items()}
        figures["validation_n"] = len(rows)
    return figures


def _list_tuning_notes(
    settings: TrainClassifierSettings, samples: TrainingSet, trained_network: _TrainedNetwork
) -> list[str]:
    """Returns notes on fine-tuning; none without it."""
    if not settings.finetune:
        return []
    notes = [] if trained_network.tuning["steps"] else [_HEAD_ONLY_NOTE]
    if settings.flip == "auto" and not settings.mirrors(samples.classes):
        notes.append(_NO_FLIP_NOTE)
    if len(samples.validation_rows) and not samples.has_own_split:
        notes.append(_VALIDATION_NOTE)
    return notes


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

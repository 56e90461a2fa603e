"""Classifier training without Keras: classes differ by the mean color of their images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import h5py
import numpy as np

from studio import classify
from studio.classify.data import audit
from studio.classify.export import snippets
from studio.classify.inference import heatmap_overlay, predict
from studio.classify.settings import IMAGENET
from studio.classify.training.evaluate import evaluate, list_predictions, list_top_losses
from studio.core import data, paths, recipes, tasks
from studio.core.data import near_duplicates
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.tasks import File, Result, Task
from studio.imported import files

STEPS = 5


class _Colors:
    """Stands in for a network in `presets.pack`."""

    def __init__(self, means: np.ndarray):
        self.means = means

    def save_weights(self, path: Path) -> None:
        with h5py.File(path, "w") as file:
            file.create_dataset("means", data=self.means)


def train(settings, inputs, progress: Progress) -> Result:
    """Learns the mean color of each class from the even images, and tests on the odd ones."""
    file = inputs["data"][0]
    dataset = data.load_dataset(file, settings.size, 3, progress)
    audit.check(dataset, file.name)
    try:
        for step in range(STEPS):
            progress.report(step + 1, STEPS, {"loss": 1.0 / (step + 1)}, text="Training the head")
    except Cancelled:
        pass
    colors = dataset.images.mean(axis=(1, 2))
    is_test = np.arange(len(colors)) % 2 == 1
    multi_label = dataset.multi_hot is not None
    multi_hot = dataset.multi_hot if multi_label else np.eye(len(dataset.classes), dtype=bool)[dataset.labels]
    means = [colors[column & ~is_test].mean(axis=0) for column in multi_hot.T]
    chances = _softmax_by_distance(colors[is_test], np.array(means))
    chances /= chances.max(axis=1, keepdims=True) if multi_label else 1
    truth = dataset.targets[is_test]
    metadata = {
        "classes": list(dataset.classes),
        "trained_on": file.name,
        "command": "none",
        "figures": {},
        "evaluation": evaluate(chances, truth, dataset.classes),
        "multi_label": multi_label,
        "tested": list_predictions(dataset, np.flatnonzero(is_test), truth, chances),
        "top_losses": list_top_losses(dataset, np.flatnonzero(is_test), truth, chances, dataset.classes),
        "map": {axis: (colors[is_test, n] / 255).tolist() for n, axis in enumerate("xy")},
        "learning_curve": [
            {"images": n, "accuracy": share, "mean_average_precision": share}
            for n, share in ((4, 0.5), (8, 0.75))
        ],
    }
    recipe = recipes.make("classify.train", settings, inputs, {})
    packed = presets.pack(
        _Colors(np.array(means)), "classify.train", settings, "# Colors\n", recipe, metadata
    )
    suspicious = [{"name": dataset.names[0], "label": "red", "looks_like": "blue", "confidence": 0.9}]
    figures = {"evaluation": metadata["evaluation"], "suspicious": suspicious, "notes": []}
    return Result((File.store(packed, "model", f"{Path(file.name).stem}.zip"),), figures, recipe)


def audit_data(settings, inputs, progress: Progress) -> Result:
    """Returns an audit with one suspicious label."""
    dataset = data.load_dataset(inputs["data"][0], settings.size, 3, progress)
    figures = audit.describe(dataset, near_duplicates.find(dataset, progress))
    figures["suspicious"] = [
        {"name": dataset.names[0], "label": "red", "looks_like": "blue", "confidence": 0.9}
    ]
    if inputs.get("model"):
        truth = dataset.labels
        test_results = {"names": list(dataset.names), "truth": truth.tolist(), "guess": truth.tolist()}
        test_results["confidence"] = [1.0] * len(truth)
        sure = np.eye(len(dataset.classes))[truth]
        figures["score"] = {"evaluation": evaluate(sure, truth, dataset.classes), "tested": test_results}
    return Result((File.store(b"# An audit\n", "text", "audit.md"),), figures)


def explain_image(settings, inputs, progress: Progress) -> Result:
    """Predicts by the nearest mean color, with a heatmap at the center."""
    image = image_io.read(inputs["image"][0].read())
    classes, chances = ["tabby", "lynx"], np.array([0.75, 0.25])
    for file in inputs.get("model", ()):
        folder = paths.ensure_folder("cache") / file.digest
        if files.is_imported(file):
            classes, chances = ["mine", "yours"], np.array([0.25, 0.75])
        else:
            classes, chances = _classify(presets.unpack(file.read(), folder), image)
    if settings.preset != IMAGENET and not inputs.get("model"):
        classes, chances = _classify(presets.find(settings.preset), image)
    overlay = heatmap_overlay.draw(image, np.eye(7, dtype="float32"), settings.view, settings.strength)
    index = list(classes).index(settings.label) if settings.label else int(chances.argmax())
    figures = {
        "label": classes[index],
        "probability": float(chances[index]),
        "whole": False,
        "labels": predict.select_top_labels(chances, classes, 5),
    }
    recipe = recipes.make("classify.explain", settings, inputs, {})
    return Result((File.store(image_io.encode_png(overlay, recipe), "image", "seen.png"),), figures, recipe)


def predict_labels(settings, inputs, progress: Progress) -> Result:
    """Predicts by the nearest mean color; rejects gray images."""
    predictions = []
    for file in inputs["images"]:
        image = image_io.read(file.read())
        if image.std() < 1:
            raise InvalidInput(f"{file.name} is gray. Show something else.")
        [model] = inputs["model"]
        classes, chances = _classify(
            presets.unpack(model.read(), paths.ensure_folder("cache") / model.digest), image
        )
        predictions.append(
            {"path": file.name, "labels": predict.select_top_labels(chances, classes, settings.top)}
        )
    return Result((File.store(b"{}", "text", "labels.json"),), {"images": predictions})


def export(settings, inputs, progress: Progress) -> Result:
    """Returns a file that is not a network."""
    figures = {
        "bytes": 4,
        "snippet": snippets.write_program(settings.form, ["red", "blue"]),
        "notes": ["It is within 0."],
    }
    return Result((File.store(b"none", "network", f"colors.{settings.form}"),), figures)


def _classify(preset, image: np.ndarray):
    with h5py.File(preset.check_weights()) as file:
        means = file["means"][:]
    return preset.read_data()["classes"], _softmax_by_distance(image.mean(axis=(0, 1))[None], means)[0]


def _softmax_by_distance(colors: np.ndarray, means: np.ndarray) -> np.ndarray:
    logits = -np.linalg.norm(colors[:, None] - means, axis=-1) / 40
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def _replace_work(task, work: str):
    return dataclasses.replace(task, work=f"tiny_classes:{work}", check="", prepare="")


TRAIN = _replace_work(classify.TRAIN, "train")
AUDIT = _replace_work(classify.AUDIT, "audit_data")
EXPLAIN = _replace_work(classify.EXPLAIN, "explain_image")
PREDICT = _replace_work(classify.PREDICT, "predict_labels")
EXPORT = _replace_work(classify.EXPORT, "export")
TASKS = {
    TRAIN.name: "tiny_classes:TRAIN",
    AUDIT.name: "tiny_classes:AUDIT",
    EXPLAIN.name: "tiny_classes:EXPLAIN",
    PREDICT.name: "tiny_classes:PREDICT",
    EXPORT.name: "tiny_classes:EXPORT",
}


class NoSettings(Settings):
    """No settings."""


def replace_tasks(settings: NoSettings, inputs, progress: Progress) -> Result:
    """Replaces the real tasks in this process by those of this module."""
    tasks.TASKS.update(TASKS)
    return Result((File.store(b"here", "text", "here.txt"),))


def _make_mover(lane: str) -> Task:
    return Task(
        name=f"colors.{lane}",
        settings=NoSettings,
        inputs=(),
        produces="text",
        lane=lane,
        interactive=lane == "live",
        work="tiny_classes:replace_tasks",
        title="Moving in",
        command="",
        help="a task of the tests",
    )


LIVE, JOB = _make_mover("live"), _make_mover("job")
MOVERS = {LIVE.name: "tiny_classes:LIVE", JOB.name: "tiny_classes:JOB"}

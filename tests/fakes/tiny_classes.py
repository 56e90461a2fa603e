"""Classifier training without Keras: classes differ by the mean color of their images."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import h5py
import numpy as np

from studio import classify
from studio.classify.ask import heatmap_overlay, predict
from studio.classify.data import audit
from studio.classify.export import snippets
from studio.classify.settings import IMAGENET
from studio.classify.training.evaluate import evaluate
from studio.core import data, paths, recipes, tasks
from studio.core.data import duplicates
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
    means = [
        colors[(dataset.labels == label) & ~is_test].mean(axis=0) for label in range(len(dataset.classes))
    ]
    chances = _chances(colors[is_test], np.array(means))
    truth = dataset.labels[is_test]
    metadata = {
        "classes": list(dataset.classes),
        "trained_on": file.name,
        "command": "none",
        "figures": {},
        "evaluation": evaluate(chances, truth, dataset.classes),
        "tested": {
            "names": [name for name, out in zip(dataset.names, is_test, strict=True) if out],
            "truth": truth.tolist(),
            "guess": chances.argmax(axis=1).tolist(),
            "confidence": chances.max(axis=1).tolist(),
        },
        "map": {axis: (colors[is_test, n] / 255).tolist() for n, axis in enumerate("xy")},
        "learning_curve": [{"images": 4, "accuracy": 0.5}, {"images": 8, "accuracy": 0.75}],
    }
    recipe = recipes.make("classify.train", settings, inputs, {})
    packed = presets.pack(
        _Colors(np.array(means)), "classify.train", settings, "# Colors\n", recipe, metadata
    )
    doubted = [{"name": dataset.names[0], "label": "red", "looks_like": "blue", "confidence": 0.9}]
    figures = {"evaluation": metadata["evaluation"], "suspicious": doubted, "notes": []}
    return Result((File.keep(packed, "model", f"{Path(file.name).stem}.zip"),), figures, recipe)


def look(settings, inputs, progress: Progress) -> Result:
    """Returns an audit with one suspicious label."""
    dataset = data.load_dataset(inputs["data"][0], settings.size, 3, progress)
    figures = audit.describe(dataset, duplicates.find(dataset, progress))
    figures["suspicious"] = [
        {"name": dataset.names[0], "label": "red", "looks_like": "blue", "confidence": 0.9}
    ]
    if inputs.get("model"):
        truth = dataset.labels
        tested = {"names": list(dataset.names), "truth": truth.tolist(), "guess": truth.tolist()}
        tested["confidence"] = [1.0] * len(truth)
        sure = np.eye(len(dataset.classes))[truth]
        figures["score"] = {"evaluation": evaluate(sure, truth, dataset.classes), "tested": tested}
    return Result((File.keep(b"# An audit\n", "text", "audit.md"),), figures)


def explain(settings, inputs, progress: Progress) -> Result:
    """Predicts by the nearest mean color, with a heatmap at the center."""
    image = image_io.read(inputs["image"][0].read())
    classes, chances = ["tabby", "lynx"], np.array([0.75, 0.25])
    for file in inputs.get("model", ()):
        folder = paths.folder("cache") / file.digest
        if files.is_imported(file):
            classes, chances = ["mine", "yours"], np.array([0.25, 0.75])
        else:
            classes, chances = _probabilities(presets.unpack(file.read(), folder), image)
    if settings.preset != IMAGENET and not inputs.get("model"):
        classes, chances = _probabilities(presets.find(settings.preset), image)
    overlay = heatmap_overlay.draw(image, np.eye(7, dtype="float32"), settings.view, settings.strength)
    place = list(classes).index(settings.label) if settings.label else int(chances.argmax())
    figures = {
        "label": classes[place],
        "probability": float(chances[place]),
        "whole": False,
        "labels": predict.most_probable_labels(chances, classes, 5),
    }
    recipe = recipes.make("classify.explain", settings, inputs, {})
    return Result((File.keep(image_io.encode_png(overlay, recipe), "image", "seen.png"),), figures, recipe)


def label(settings, inputs, progress: Progress) -> Result:
    """Predicts by the nearest mean color; rejects gray images."""
    predictions = []
    for file in inputs["images"]:
        image = image_io.read(file.read())
        if image.std() < 1:
            raise InvalidInput(f"{file.name} is gray. Show something else.")
        [model] = inputs["model"]
        classes, chances = _probabilities(
            presets.unpack(model.read(), paths.folder("cache") / model.digest), image
        )
        predictions.append({"path": file.name, "labels": predict.most_probable_labels(chances, classes, settings.top)})
    return Result((File.keep(b"{}", "text", "labels.json"),), {"images": predictions})


def export(settings, inputs, progress: Progress) -> Result:
    """Returns a file that is not a network."""
    figures = {
        "bytes": 4,
        "snippet": snippets.program(settings.form, ["red", "blue"]),
        "notes": ["It is within 0."],
    }
    return Result((File.keep(b"none", "network", f"colors.{settings.form}"),), figures)


def _probabilities(preset, image: np.ndarray):
    with h5py.File(preset.weights()) as file:
        means = file["means"][:]
    return preset.data()["classes"], _chances(image.mean(axis=(0, 1))[None], means)[0]


def _chances(colors: np.ndarray, means: np.ndarray) -> np.ndarray:
    near = -np.linalg.norm(colors[:, None] - means, axis=-1) / 40
    raised = np.exp(near - near.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _stand_in(task, work: str):
    return dataclasses.replace(task, work=f"tiny_classes:{work}", check="", prepare="")


TRAIN = _stand_in(classify.TRAIN, "train")
AUDIT = _stand_in(classify.AUDIT, "look")
EXPLAIN = _stand_in(classify.EXPLAIN, "explain")
PREDICT = _stand_in(classify.PREDICT, "label")
EXPORT = _stand_in(classify.EXPORT, "export")
TASKS = {
    TRAIN.name: "tiny_classes:TRAIN",
    AUDIT.name: "tiny_classes:AUDIT",
    EXPLAIN.name: "tiny_classes:EXPLAIN",
    PREDICT.name: "tiny_classes:PREDICT",
    EXPORT.name: "tiny_classes:EXPORT",
}


class NoSettings(Settings):
    """No settings."""


def move_in(settings: NoSettings, inputs, progress: Progress) -> Result:
    """Replaces the real tasks in this process by those of this module."""
    tasks.TASKS.update(TASKS)
    return Result((File.keep(b"here", "text", "here.txt"),))


def _mover(lane: str) -> Task:
    return Task(
        name=f"colors.{lane}",
        settings=NoSettings,
        inputs=(),
        produces="text",
        lane=lane,
        interactive=lane == "live",
        work="tiny_classes:move_in",
        title="Moving in",
        command="",
        help="a task of the tests",
    )


LIVE, JOB = _mover("live"), _mover("job")
MOVERS = {LIVE.name: "tiny_classes:LIVE", JOB.name: "tiny_classes:JOB"}

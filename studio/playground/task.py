"""Training in the playground as tasks: on a photo, and on points in the plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.core import recipes
from studio.core.data import encodings
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.playground import data_sets
from studio.playground.classifier import ClassificationSnapshot, train_classifier
from studio.playground.learn import learn
from studio.playground.learner import PhotoSnapshot
from studio.playground.settings import ClassificationSettings, NetworkSettings, PlaygroundSettings
from studio.playground.trainer import Snapshot
from studio.playground.training_run import TrainingResult

DIVERGED = (
    "Training diverged after step {steps}: the weights overflowed float32. "
    "This is the last valid image. "
    "Try a lower learning rate."
)
WORSE = "The loss rose above its first value. Try a lower learning rate."
_WORSE_FACTOR = 1.05  # factor of the first loss
_MAX_POINTS_BYTES = 200_000  # of a file of points


def learn_photo(settings: PlaygroundSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network on a photo; see `studio.playground.learn.learn`."""
    photo = inputs["content"][0]
    result = learn(image_io.read(photo.read(), photo.name), settings, progress)
    updates = {} if result.video else {"frames": 0, "size": max(result.image.shape[:2])}
    recipe = recipes.make("playground.train", _make_reproducible(settings, result, updates), inputs)
    file = _store(result, recipe, settings, f"{Path(photo.name).stem}-painted")
    return Result((file,), collect_photo_figures(settings, result), recipe, result.stopped_early)


def collect_photo_figures(
    settings: PlaygroundSettings, result: TrainingResult[PhotoSnapshot]
) -> dict[str, Any]:
    """Returns the figures of training on a photo."""
    return {
        **_collect_figures(settings, result),
        "psnr_training": result.last.psnr_training,
        "psnr_held_out": result.last.psnr_held_out,
    }


def classify_points(settings: ClassificationSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a network on points; see `studio.playground.classifier.train_classifier`."""
    result = train_classifier(load_points(settings, inputs), settings, progress)
    updates = {} if result.video else {"frames": 0}
    recipe = recipes.make("playground.classify", _make_reproducible(settings, result, updates), inputs)
    stem = Path(inputs["points"][0].name).stem if inputs.get("points") else settings.data
    file = _store(result, recipe, settings, f"{stem}-boundary")
    return Result((file,), collect_points_figures(settings, result), recipe, result.stopped_early)


def collect_points_figures(
    settings: ClassificationSettings, result: TrainingResult[ClassificationSnapshot]
) -> dict[str, Any]:
    """Returns the figures of training on points."""
    return {
        **_collect_figures(settings, result),
        "accuracy_training": result.last.accuracy_training,
        "accuracy_held_out": result.last.accuracy_held_out,
    }


def load_points(settings: ClassificationSettings, inputs: Inputs) -> data_sets.Points:
    """Returns the points of a user's file, or else those of the data set. Raises `InvalidInput`."""
    if not inputs.get("points"):
        return data_sets.make_points(settings.data, settings.points, settings.noise, settings.seed)
    file = inputs["points"][0]
    data = file.read()
    if len(data) > _MAX_POINTS_BYTES:
        raise InvalidInput(f"{file.name} is too large. Use at most {data_sets.MAX_POINTS:,} points.")
    return data_sets.parse_points(encodings.decode(data)[0])


def _store(result: TrainingResult[Any], recipe: recipes.Recipe, settings: NetworkSettings, stem: str) -> File:
    """Stores the video of a result, or else its image."""
    if result.video:
        return File.store(result.video, "animation", f"{stem}.{settings.video}")
    return File.store(image_io.encode_png(result.image, recipe), "image", f"{stem}.png")


def _collect_figures(settings: NetworkSettings, result: TrainingResult[Any]) -> dict[str, Any]:
    """Returns the figures of a training run, with messages for the user under "notes"."""
    last: Snapshot = result.last
    figures: dict[str, Any] = {
        "seconds": result.seconds,
        "steps": result.steps,
        "parameters": settings.parameters,
        "loss_training": last.training_loss,
        "loss_held_out": last.held_out_loss,
        "gradients": last.gradients,
        "values": last.values,
        "history": result.history,
        "notes": [],
    }
    if result.frames:
        figures["frames"] = result.frames
    if result.has_diverged:
        figures["ended"] = "diverged"
        figures["notes"] = [DIVERGED.format(steps=result.steps)]
    elif last.training_loss > _WORSE_FACTOR * result.history[0]["training"]:
        figures["notes"] = [WORSE]
    return figures


def _make_reproducible(
    settings: NetworkSettings, result: TrainingResult[Any], updates: dict[str, Any]
) -> NetworkSettings:
    """Returns the settings that reproduce the result; `updates` are those of a stopped one."""
    if not result.stopped_early:
        return settings
    return settings.model_copy(update={"most_steps": result.steps, **updates})

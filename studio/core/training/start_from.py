"""The model that training starts from, checked before any data is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.core.errors import StudioError, invalid
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.task_types import import_object
from studio.core.tasks import Inputs
from studio.core.training.curves import Curves
from studio.core.training.stages import StageMetrics, Stages, join_stages

SLOT = "start"


def load_model(inputs: Inputs) -> presets.Preset | None:
    """Loads the model to start from, named after its file; None if there is none.

    Raises:
        InvalidInput: if it is damaged.
    """
    for file in inputs.get(SLOT, ()):
        return replace(presets.from_zip(file), name=model_name(inputs))
    return None


def load_weights(inputs: Inputs, load: str) -> list[np.ndarray] | None:
    """Loads the weights to start from; None if there is no model to start from.

    Args:
        inputs: of the training task.
        load: `module:name` of the function that loads the network of a preset, imported only if there is one.
    """
    preset = load_model(inputs)
    return None if preset is None else import_object(load)(preset).get_weights()


def model_name(inputs: Inputs) -> str:
    """Returns the name of the model to start from; "" if there is none."""
    return next((Path(file.name).stem for file in inputs.get(SLOT, ())), "")


def describe_origin(inputs: Inputs) -> dict[str, object]:
    """Returns the figures about the model to start from.

    They are "started_from", its name or "", and "start_seconds", the training time of it and of all models
    that it started from, or 0.
    """
    preset = load_model(inputs)
    figures = preset.read_data().get("figures", {}) if preset else {}
    seconds = [figures.get(name, 0.0) for name in ("seconds", "start_seconds")]
    return {"started_from": model_name(inputs), "start_seconds": sum(seconds)}


def find_least_held_out(inputs: Inputs, held_out: float) -> float:
    """Returns the smallest test split of a training run and of those before it, as a share from 0 to 1.

    It is 0 if one of them was not split by `studio.core.data.split`. Every model stores it in its figures.
    """
    preset = load_model(inputs)
    return min(held_out, preset.read_data().get("figures", {}).get("least_held_out", 0.0) if preset else 1.0)


def list_leakage_notes(inputs: Inputs, held_out: float) -> list[str]:
    """Returns a warning if the test split may hold images that an earlier model was trained on."""
    least_share = find_least_held_out(inputs, held_out)
    if least_share == held_out:
        return []
    difference = f"held out {least_share:.0%} of its images" if least_share else "held out other images"
    sentence = "If it learned from this data set, it was trained on some of the test part."
    return [f"{model_name(inputs)}, or a model before it, {difference}. {sentence}"]


def list_teachers(inputs: Inputs, weights: Mapping[str, str]) -> list[str]:
    """Returns the names of the pretrained networks that trained a model or one that it started from.

    Args:
        inputs: of the training task.
        weights: SHA-256 of the networks of this training run, by name.
    """
    preset = load_model(inputs)
    if preset is None:
        return sorted(weights)
    before = preset.read_data().get("figures", {}).get("taught_by", ())
    return sorted({*weights, *preset.read_recipe().weights, *before})


@dataclass(frozen=True)
class History:
    """The training history of a model; its card and its pages show it.

    Attributes:
        curve: losses and metrics by name, and the "steps" at which they were measured.
        stages: the metrics at each grid of the sheet, see `studio.core.training.stages.StageMetrics`.
        sheet: those grids, WebP; None without any.
    """

    curve: Mapping[str, Sequence[float]]
    stages: StageMetrics
    sheet: bytes | None


def load_history(inputs: Inputs, steps: int, curves: Curves, stages: Stages | None) -> History:
    """Loads the history of a training run, with the stages of the model that it started from.

    A run of a single step only evaluates that model, so the model's own history is returned.
    """
    preset = load_model(inputs)
    stage_metrics, sheet = (
        (preset.read_data().get("stages") or {}, preset.read_stages()) if preset else ({}, None)
    )
    if preset and steps == 1 and (curve := preset.read_data().get("figures", {}).get("curve")):
        return History(curve, stage_metrics, sheet)
    if stages and sheet:
        stages = join_stages(stage_metrics, sheet, stages)
    own_curve: dict[str, Sequence[float]] = {"steps": curves.steps, **curves.losses, **curves.metrics}
    return History(own_curve, stages.metrics if stages else {}, stages.encode_sheet() if stages else None)


def check(settings: Settings, inputs: Inputs, task: str, noun: str, shape: Sequence[str]) -> None:
    """Raises `InvalidInput` if there is a model to start from and it has another task or shape.

    Args:
        settings: of the training that would start from it.
        inputs: of that training.
        task: the task that trains such models.
        noun: the model in words, e.g. "a VAE".
        shape: names of the settings that decide the shape of the weights.
    """
    preset = load_model(inputs)
    if preset is not None:
        check_fits(preset, settings, task, noun, shape)


def check_fits(
    preset: presets.Preset, settings: Settings, task: str, noun: str, shape: Sequence[str]
) -> None:
    """Raises `InvalidInput` if a model to start from has another task or shape. See `check`."""
    if preset.task != task:
        step, received = "choose another, or leave it out", f"a model that {preset.task} made"
        raise invalid("model to start from", expected=noun, received=received, next_step=step)
    start_settings = preset.read_settings()
    mismatches = [
        name
        for name in shape
        if getattr(start_settings, name) != getattr(settings, name)
        and name not in settings.ineffective_settings
    ]
    if mismatches:
        expected, actual = (
            ", ".join(f"{name} {getattr(values, name)}" for name in mismatches)
            for values in (settings, start_settings)
        )
        step = "train with the settings of that model, or choose another"
        raise invalid("model to start from", expected=expected, received=actual, next_step=step)


@contextmanager
def check_weight_shapes(settings: str, noun: str = "network") -> Iterator[None]:
    """Turns a `ValueError` of `set_weights` into a `StudioError` about another shape.

    Args:
        settings: names of the settings that decide the shape, in words.
        noun: the model in words.
    """
    try:
        yield
    except ValueError:
        raise StudioError(f"The {noun} to start from has another shape. Use its {settings}.") from None

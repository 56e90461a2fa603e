"""The model that a training starts from: found not to fit before an image or a text is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from studio.core.errors import StudioError, invalid
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.core.training.curves import Curves
from studio.core.training.stages import Numbers, Stages, joined

SLOT = "start"


def model(inputs: Inputs) -> presets.Preset | None:
    """The model to start from, by its file's name, if there is one. Raises `InvalidInput` if it is broken."""
    for file in inputs.get(SLOT, ()):
        return replace(presets.from_zip(file), name=model_name(inputs))
    return None


def model_name(inputs: Inputs) -> str:
    """The name of the model to start from; "" if there is none."""
    return next((Path(file.name).stem for file in inputs.get(SLOT, ())), "")


def origin(inputs: Inputs) -> dict[str, object]:
    """What a training's figures tell of the model to start from: its name, and the seconds that it took with
    all that it had begun with itself; "" and 0 if there is none."""
    preset = model(inputs)
    figures = preset.data().get("figures", {}) if preset else {}
    seconds = [figures.get(name, 0.0) for name in ("seconds", "start_seconds")]
    return {"started_from": model_name(inputs), "start_seconds": sum(seconds)}


def least_held_out(inputs: Inputs, held_out: float) -> float:
    """The smallest share that a training and those before it held out by `studio.core.data.split`.

    0 if one of them divided its data set in another way. A share of the figures of each model.
    """
    preset = model(inputs)
    return min(held_out, preset.data().get("figures", {}).get("least_held_out", 0.0) if preset else 1.0)


def tested_before(inputs: Inputs, held_out: float) -> list[str]:
    """Says in a sentence if the test part may hold images that a model to start from was trained on."""
    least = least_held_out(inputs, held_out)
    if least == held_out:
        return []
    how = f"held out {least:.0%} of its images" if least else "held out other images"
    sentence = "If it learned from this data set, it was trained on some of the test part."
    return [f"{model_name(inputs)}, or a model before it, {how}. {sentence}"]


def taught_by(inputs: Inputs, weights: Mapping[str, str]) -> list[str]:
    """The networks, by name, that trained a model or one that it began with.

    Args:
        inputs: of the training.
        weights: digests of those that train it now, by their names.
    """
    preset = model(inputs)
    if preset is None:
        return sorted(weights)
    before = preset.data().get("figures", {}).get("taught_by", ())
    return sorted({*weights, *preset.recipe().weights, *before})


@dataclass(frozen=True)
class History:
    """How a model learned, for its card and its pages.

    Attributes:
        curve: losses and tests by name, and the "steps" at which they were measured.
        stages: what was measured at each grid of the sheet, see `studio.core.training.stages.Numbers`.
        sheet: those grids, WebP; None without any.
    """

    curve: Mapping[str, Sequence[float]]
    stages: Numbers
    sheet: bytes | None


def history(inputs: Inputs, steps: int, curves: Curves, stages: Stages | None) -> History:
    """That of a training run of so many steps, with the stages of the model that it continued from before its
    own; of a single step, which only measures, that of the model before."""
    preset = model(inputs)
    numbers, sheet = (preset.data().get("stages") or {}, preset.stages()) if preset else ({}, None)
    if preset and steps == 1 and (curve := preset.data().get("figures", {}).get("curve")):
        return History(curve, numbers, sheet)
    if stages and sheet:
        stages = joined(numbers, sheet, stages)
    own: dict[str, Sequence[float]] = {"steps": curves.steps, **curves.losses, **curves.tests}
    return History(own, stages.numbers if stages else {}, stages.sheet() if stages else None)


def check(settings: Settings, inputs: Inputs, task: str, what: str, shape: Sequence[str]) -> None:
    """Raises `InvalidInput` if there is a model to start from and it is of another kind or shape.

    Args:
        settings: of the training that would start from it.
        task: that makes such models.
        what: what such a model is called, e.g. "a VAE".
        shape: the settings that decide of what shape its weights are.
    """
    preset = model(inputs)
    if preset is not None:
        check_fits(preset, settings, task, what, shape)


def check_fits(
    preset: presets.Preset, settings: Settings, task: str, what: str, shape: Sequence[str]
) -> None:
    """Raises `InvalidInput` if a model to start from is of another kind or shape. See `check`."""
    if preset.task != task:
        step, received = "choose another, or leave it out", f"a model that {preset.task} made"
        raise invalid("model to start from", expected=what, received=received, next_step=step)
    old = preset.settings()
    others = [name for name in shape if getattr(old, name) != getattr(settings, name)]
    if others:
        wanted, found = (", ".join(f"{n} {getattr(one, n)}" for n in others) for one in (settings, old))
        step = "train with the settings of that model, or choose another"
        raise invalid("model to start from", expected=wanted, received=found, next_step=step)


@contextmanager
def of_its_shape(settings: str, what: str = "network") -> Iterator[None]:
    """While weights of a model to start from are set: raises `StudioError` if they are of another shape.

    Args:
        settings: that decide of the shape, in words.
        what: such a model is called.
    """
    try:
        yield
    except ValueError:
        raise StudioError(f"The {what} to start from has another shape. Use its {settings}.") from None

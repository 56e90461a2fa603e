"""Applies the steps that made a result, such as restoring and then style transfer, to another photo."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from studio.chain.settings import ChainSettings
from studio.chain.steps import TASK_NAME, Step, read_steps
from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable
from studio.core.imaging import image_io
from studio.core.progress import Progress, Stages
from studio.core.recipes import Input
from studio.core.tasks import File, Inputs, Result
from studio.gallery import replay

_UNKNOWN_SECONDS = 5.0  # of a step without an estimate


def check(settings: ChainSettings, inputs: Inputs) -> None:
    """Checks whether all steps of `like` can be applied to `content`, and their other inputs still exist.

    Raises:
        InvalidInput: if a step cannot be applied to another photo, see `read_steps`, or to this one.
        Unavailable: if an input of a step was removed and has no recipe.
    """
    first, *_ = steps = read_steps(inputs["like"][0])
    for step in steps:
        for sources in step.other_inputs.values():
            for source in sources:
                _check_source(step, source)
    # Later steps get images that do not exist yet.
    tasks.check(first.task.name, first.settings, {**first.list_files(), first.slot: inputs["content"]})


def _check_source(step: Step, source: Input) -> None:
    try:
        replay.check_source(source)
    except Unavailable:
        raise Unavailable(
            f"{step.task.title} needs {source.name}, which is no longer in the studio. Add that file again."
        ) from None


def estimate_seconds(settings: ChainSettings, inputs: Inputs) -> float:
    """Returns the estimated seconds of all steps on the reference machine, as if none changed the size."""
    return sum(_estimate_steps(read_steps(inputs["like"][0]), inputs["content"][0]).values())


def _estimate_steps(steps: list[Step], content: File) -> dict[int, float]:
    """Returns the estimated seconds of each step on the reference machine, by number."""
    return {number: _estimate_step(step, content) for number, step in enumerate(steps)}


def _estimate_step(step: Step, content: File) -> float:
    inputs = {**step.list_files(), step.slot: [content]}
    try:
        return tasks.estimate_reference_seconds(step.task, step.settings, inputs) or _UNKNOWN_SECONDS
    except StudioError:  # the step itself will say what is wrong
        return _UNKNOWN_SECONDS


def run(settings: ChainSettings, inputs: Inputs, progress: Progress) -> Result:
    """Applies all steps of `like` to `content`. Only the image of the last step is stored.

    Raises:
        Cancelled: if the user stopped it before the last step had a result.
        StudioError: of a step; the message starts with its title.
    """
    start_time = time.monotonic()
    content, like = inputs["content"][0], inputs["like"][0]
    steps = read_steps(like)
    stages = Stages(progress, _estimate_steps(steps, content))
    notes: list[str] = []
    weights: dict[str, str] = {}
    file, result = content, None
    with tasks.store_in_memory():
        for number, step in enumerate(steps):
            if result is not None and result.stopped_early:
                raise Cancelled
            title = f"{step.task.title} ({number + 1} of {len(steps)})"
            step_progress = stages.begin(number, title, partial(_preview, file))
            result = _run_step(step, file, step_progress, notes)
            file = result.files[0]
            weights |= result.recipe.weights
        assert result is not None
        image = image_io.read_deep(file.read())
    recipe = recipes.make(TASK_NAME, settings, inputs, weights)
    name = f"{Path(content.name).stem} like {Path(like.name).stem}.png"
    stored = File.store(image_io.encode_png(image, recipe), "image", name)
    figures: dict[str, Any] = {"height": image.shape[0], "width": image.shape[1], "steps": len(steps)}
    figures |= {"notes": notes} if notes else {}
    figures["seconds"] = time.monotonic() - start_time
    return Result((stored,), figures, recipe, result.stopped_early)


def _preview(file: File) -> np.ndarray:
    return image_io.read(file.read(), file.name)


def _run_step(step: Step, file: File, progress: Progress, notes: list[str]) -> Result:
    """Applies a step to an image. Adds a note for each other input that was made again and differs."""
    inputs = {
        slot: [
            replay.make_input(source, step.recipe.find_kind(slot), progress, notes.append)
            for source in sources
        ]
        for slot, sources in step.other_inputs.items()
    }
    try:
        return tasks.run(step.task.name, step.settings, {**inputs, step.slot: [file]}, progress)
    except InvalidInput as error:
        raise InvalidInput(f"{step.task.title}: {error}") from None

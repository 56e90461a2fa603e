"""The steps that made a result, read from its recipe.

A result contains its recipe, and the recipe of the image that it was made from. So each result is a saved
chain, and no other file describes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput, invalid
from studio.core.recipes import Input, Recipe
from studio.core.settings import Settings
from studio.core.tasks import File, Task

TASK_NAME = "chain.apply"
MAX_STEPS = 20


@dataclass(frozen=True)
class Step:
    """A step of a chain: a task with its settings and inputs, except the image that it is applied to."""

    recipe: Recipe

    @cached_property
    def task(self) -> Task:
        """The task of the step."""
        return tasks.get(self.recipe.task)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the step. Raises `InvalidInput` if the task no longer accepts them."""
        return self.recipe.parse_settings()

    @property
    def slot(self) -> str:
        """The slot of the image that the step is applied to."""
        return self.task.inputs[0].name

    @property
    def content(self) -> Input | None:
        """The image that the step was applied to, or None."""
        images = self.recipe.inputs.get(self.slot, [])
        return images[0] if images else None

    @property
    def other_inputs(self) -> dict[str, list[Input]]:
        """The other inputs, by slot."""
        return {slot: sources for slot, sources in self.recipe.inputs.items() if slot != self.slot}

    def list_files(self) -> dict[str, list[File]]:
        """Returns the other inputs as files, except those that have to be made again."""
        return {
            slot: files
            for slot, files in self.recipe.list_files().items()
            if slot != self.slot and all(file.is_available for file in files)
        }


def list_steps(recipe: Recipe) -> list[Step]:
    """Returns the steps that made a result, in order.

    Raises:
        InvalidInput: if a step cannot be applied to another photo, or there are over `MAX_STEPS`.
    """
    steps: list[Step] = []
    current: Recipe | None = recipe
    while current is not None:
        step = _check_step(Step(current))
        steps = [*_expand(step), *steps]
        current = step.content.recipe if step.content else None
    if len(steps) > MAX_STEPS:
        raise invalid(
            "chain", expected=f"at most {MAX_STEPS} steps", received=len(steps), next_step="choose another"
        )
    return steps


def _expand(step: Step) -> list[Step]:
    """Returns the steps of a step that is a chain itself; else the step alone."""
    likes = step.recipe.inputs.get("like", []) if step.task.name == TASK_NAME else []
    recipe = likes[0].recipe if likes else None
    return [step] if recipe is None else list_steps(recipe)


def read_steps(like: File) -> list[Step]:
    """Returns the steps that made an image. Raises `InvalidInput` as `list_steps`, or if it has no recipe."""
    return list_steps(recipes.read(like.read()))


def _check_step(step: Step) -> Step:
    """Returns a step that can be applied to another photo. Raises `InvalidInput` for others."""
    title = step.task.title
    if not step.task.takes_single_image or step.content is None:
        raise InvalidInput(f"{title} does not start from a photo. Choose a result that was made from one.")
    if step.task.choose_kind(step.settings) != "image":
        raise InvalidInput(f"{title} made a video here, and a chain makes images. Choose another result.")
    for slot in step.task.inputs:
        if slot.is_overlay and slot.name in step.other_inputs:
            raise InvalidInput(
                f"{title} used an input that was painted on its photo and fits no other: "
                f"{slot.name.replace('_', ' ')}. Choose a result that was made without."
            )
    return step

"""Replay: makes a result again from its recipe, with the same inputs and the same weights."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from studio.core import data, paths, tasks
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable, make_printable
from studio.core.models import model_folder, model_zip, pinned_weights
from studio.core.progress import Progress
from studio.core.recipes import Input, Recipe
from studio.core.tasks import File, Kind, Result
from studio.core.weights import pretrained


def check(recipe: Recipe) -> None:
    """Checks whether a recipe, and the recipes of its missing inputs, can run.

    Raises:
        InvalidInput: if a task or a setting is unknown.
        Unavailable: if an input is missing and has no recipe (the message has its SHA-256), or if
            `studio.core.models.pinned_weights.check` raises it.
    """
    recipe.parse_settings()
    pinned_weights.check(recipe.weights)
    for source in itertools.chain(*recipe.inputs.values()):
        check_source(source)


def check_source(source: Input) -> None:
    """Checks whether an input is in the studio, or can be made again from its recipe. Raises as `check`."""
    if _is_available(source):
        return
    if source.recipe is None:
        raise Unavailable(
            f"The input {source.name} is no longer in the studio "
            f"(SHA-256 {source.digest}). Give its file or folder with --inputs."
        )
    check(source.recipe)


def restore_inputs(given_paths: Iterable[Path], recipe: Recipe) -> None:
    """Stores files again that are inputs of a recipe, by their SHA-256.

    Args:
        given_paths: files, folders of files, data sets and folders of models.
        recipe: the recipe.

    Raises:
        InvalidInput: if a path does not exist.
    """
    digests = {source.digest for source in _walk_sources(recipe)}
    for given_path in given_paths:
        if not paths.path_exists(given_path):
            raise InvalidInput(
                f"There is no {make_printable(str(given_path))}. Check the path after --inputs."
            )
        for path in sorted(given_path.iterdir()) if given_path.is_dir() else [given_path]:
            with suppress(OSError):  # not readable; `check` reports missing inputs
                if path.is_file() and paths.file_digest(path) in digests:
                    File.store(path.read_bytes(), "image", path.name)
        if (given_path / model_folder.SETTINGS).is_file():
            model_data = model_zip.pack(given_path)
            if paths.digest(model_data) in digests:
                File.store(model_data, "model", given_path.name)
        elif find_missing_inputs(recipe):
            with suppress(StudioError):
                data.store_reference(str(given_path))  # stores a note on the data set


def find_missing_inputs(recipe: Recipe) -> list[Input]:
    """Returns the inputs, including inputs of inputs, that the studio no longer has."""
    return [source for source in _walk_sources(recipe) if not _is_available(source)]


def run(recipe: Recipe, progress: Progress, on_note: Callable[[str], None]) -> Result:
    """Runs a recipe; first makes missing inputs again that have recipes.

    Args:
        recipe: the recipe.
        progress: receives reports.
        on_note: receives a sentence if such an input differs from the original.

    Raises:
        Cancelled: if the user stopped it while an input was made.
        StudioError: like `check` and the task itself.
    """
    inputs = {
        slot: [make_input(source, recipe.find_kind(slot), progress, on_note) for source in sources]
        for slot, sources in recipe.inputs.items()
    }
    with pretrained.pin(recipe.weights):
        return tasks.run(recipe.task, recipe.parse_settings(), inputs, progress)


def make_input(source: Input, kind: Kind, progress: Progress, on_note: Callable[[str], None]) -> File:
    """Returns the file of an input; makes it again if it is missing and has a recipe.

    Args:
        source: the input.
        kind: of its slot.
        progress, on_note: see `run`.

    Raises:
        StudioError: like `run`.
    """
    if _is_available(source) or source.recipe is None:
        return File(source.digest, kind, source.name)
    result = run(source.recipe, progress, on_note)
    if result.stopped_early:
        raise Cancelled
    if result.files[0].digest != source.digest:
        on_note(
            f"{source.name} was made again but differs from the original file, so the result may differ, too."
        )
    return result.files[0]


def _is_available(source: Input) -> bool:
    """Returns whether the current user has an input."""
    return File(source.digest, "image", source.name).is_available


def _walk_sources(recipe: Recipe) -> Iterator[Input]:
    """Yields the inputs of a recipe, and after each the inputs of its own recipe."""
    for source in itertools.chain(*recipe.inputs.values()):
        yield source
        if source.recipe is not None:
            yield from _walk_sources(source.recipe)

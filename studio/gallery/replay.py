"""Replay: makes a result again from its recipe, with the same inputs and the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from studio.core import data, paths, tasks
from studio.core.errors import Cancelled, InvalidInput, StudioError, Unavailable, printable
from studio.core.models import model_folder, model_zip, pinned_weights
from studio.core.progress import Progress
from studio.core.recipes import Input, Recipe
from studio.core.tasks import File, Kind, Result
from studio.core.weights import pretrained


def check(recipe: Recipe) -> None:
    """Finds what stands in the way before anything is made, in the recipe and in those that it needs.

    Raises:
        InvalidInput: if a task or a setting is not of those that this studio knows.
        Unavailable: if an input is gone and has no recipe to make it again (the message has its digest), or
            as `studio.core.models.pinned_weights.check`.
    """
    recipe.checked_settings()
    pinned_weights.check(recipe.weights)
    for source in _sources(recipe):
        if _is_here(source):
            continue
        if source.recipe is None:
            raise Unavailable(
                f"The input {source.name} is no longer in the studio "
                f"(SHA-256 {source.digest}). Give its file or folder with --inputs."
            )
        check(source.recipe)


def take_back(places: Iterable[Path], recipe: Recipe) -> None:
    """Keeps again those files that the recipe names by their digest.

    Args:
        places: files, folders whose files are looked at, data sets and the folders of models.

    Raises:
        InvalidInput: if a place does not exist.
    """
    wanted = {source.digest for source in _all_sources(recipe)}
    for place in places:
        if not paths.is_there(place):
            raise InvalidInput(f"There is no {printable(str(place))}. Check the path after --inputs.")
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            with suppress(OSError):  # one that may not be read; what is missing is told by `check`
                if path.is_file() and paths.file_digest(path) in wanted:
                    File.keep(path.read_bytes(), "image", path.name)
        if (place / model_folder.SETTINGS).is_file():
            packed = model_zip.zipped(place)
            if paths.digest(packed) in wanted:
                File.keep(packed, "model", place.name)
        elif missing(recipe):
            with suppress(StudioError):
                data.reference(str(place))  # whose note is kept


def missing(recipe: Recipe) -> list[Input]:
    """The inputs, and theirs, that the studio no longer has."""
    return [source for source in _all_sources(recipe) if not _is_here(source)]


def again(recipe: Recipe, progress: Progress, note: Callable[[str], None]) -> Result:
    """Runs a recipe; an input that is gone but has a recipe of its own is made again first.

    Args:
        note: told in one sentence if such an input came out otherwise than it was.

    Raises:
        Cancelled: if a user asked to stop while an input was made.
        StudioError: as `check` and the task itself.
    """
    kinds = {slot.name: slot.kind for slot in tasks.get(recipe.task).inputs}
    inputs = {
        slot: [_input(source, kinds.get(slot, "image"), progress, note) for source in sources]
        for slot, sources in recipe.inputs.items()
    }
    with pretrained.using(recipe.weights):
        return tasks.run(recipe.task, recipe.checked_settings(), inputs, progress)


def _input(source: Input, kind: Kind, progress: Progress, note: Callable[[str], None]) -> File:
    if _is_here(source) or source.recipe is None:
        return File(source.digest, kind, source.name)
    result = again(source.recipe, progress, note)
    if result.stopped_early:
        raise Cancelled
    if result.files[0].digest != source.digest:
        note(
            f"{source.name} was made again but differs from the original file, so the result may differ, too."
        )
    return result.files[0]


def _is_here(source: Input) -> bool:
    return File(source.digest, "image", source.name).here


def _sources(recipe: Recipe) -> Iterator[Input]:
    for sources in recipe.inputs.values():
        yield from sources


def _all_sources(recipe: Recipe) -> Iterator[Input]:
    for source in _sources(recipe):
        yield source
        if source.recipe is not None:
            yield from _all_sources(source.recipe)

"""Storage of searches by preference, so that closing a tab loses nothing.

Each user of a shared studio has a folder of searches, which counts toward their disk quota.
"""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable, invalid
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.engine import quotas
from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.pairs import MAX_COMPARISONS, Pair, PairSelector
from studio.tune.space import parse_space

TASKS = ("style.transfer", "dream.ascend")  # tasks without a metric, whose images only a user can compare
Pick = Literal["left", "right", "alike"]
_ID = re.compile(r"[0-9a-f]{16}")
_PREFIX = "preference-"
_MAX_BYTES = 256_000
_MAX_RECENT = 3  # searches


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Comparison(_Strict):
    """Two compared images, each by its varied settings, and the pick."""

    left: dict[str, Any]
    right: dict[str, Any]
    picked: Pick


class PreferenceSearch(_Strict):
    """A search by preference.

    Attributes:
        id: sixteen hexadecimal digits.
        owner: owner of the search.
        task: task that makes the images.
        settings: settings that all images share.
        vary: the search space, in the syntax of `studio.tune.space.parse_space`.
        inputs: files of each slot.
        seed: seed of the sampled points.
        size: longer side of the finished image, in px.
        compared: comparisons so far.
    """

    id: str
    owner: str
    task: str
    settings: dict[str, Any]
    vary: tuple[str, ...] = Field(max_length=6, fail_fast=True)
    inputs: dict[str, Annotated[tuple[File, ...], FailFast()]]
    seed: int = 0
    size: int = 512
    compared: tuple[Comparison, ...] = Field(default=(), max_length=MAX_COMPARISONS, fail_fast=True)

    @property
    def settings_class(self) -> type[Settings]:
        """Returns the class of the settings."""
        return tasks.get(self.task).settings

    def make_selector(self) -> PairSelector:
        """Returns the state of the search, which is a function of the comparisons."""
        grid = Grid(self.settings_class, parse_space(self.settings_class, self.vary))
        comparisons = [
            Pair(_find_point(grid, pair.left), _find_point(grid, pair.right), pair.picked)
            for pair in self.compared
        ]
        return PairSelector(grid, comparisons, self.seed)

    def make_image_settings(self, point: Point, names: tuple[str, ...], **others: Any) -> Settings:
        """Returns the settings of an image.

        Args:
            point: values of the varied settings.
            names: names of the varied settings.
            others: settings that differ from the shared ones, such as the size.
        """
        return self.settings_class.parse({**self.settings, **dict(zip(names, point, strict=True)), **others})


def create_search(
    task: str, settings: Settings, vary: tuple[str, ...], inputs: Inputs, owner: str, size: int
) -> PreferenceSearch:
    """Creates a search by preference and stores it.

    Args:
        task: one of TASKS, or another that makes images.
        settings: settings of the task; varied ones are ignored.
        vary: the search space.
        inputs: inputs of every image.
        owner: owner of the search.
        size: longer side of the finished image, in px.

    Raises:
        InvalidInput: if the search space is empty or not valid, or the task rejects settings or inputs.
        InsufficientSpace: if the owner's disk quota is exceeded.
    """
    quotas.check_disk_quota(owner)
    names = set(parse_space(type(settings), vary))
    tasks.check(task, settings, inputs)
    shared = {key: value for key, value in settings.model_dump(mode="json").items() if key not in names}
    files = {slot: tuple(slot_files) for slot, slot_files in inputs.items()}
    return _save(
        PreferenceSearch(
            id=secrets.token_hex(8),
            owner=owner,
            task=task,
            settings=shared,
            vary=vary,
            inputs=files,
            size=size,
        )
    )


def load_search(id: str, owner: str) -> PreferenceSearch:
    """Loads the search of an id. Raises `Unavailable` if there is none, or it is another owner's."""
    with suppress(OSError, ValidationError, StudioError):
        if _ID.fullmatch(id):
            search = _read(_file_path(id, owner))
            if search.owner == owner:
                return search
    raise Unavailable("This search by preference no longer exists. Begin another.")


def add_comparison(id: str, owner: str, pair: Pair, picked: Pick) -> PreferenceSearch:
    """Adds a comparison. Ignores a pair that was compared already, such as by a second click.

    Raises:
        Unavailable: if the search no longer exists.
        InvalidInput: if the pair is not in its search space.
    """
    with paths.locked(_file_path(id, owner).with_suffix(".lock")):
        search = load_search(id, owner)
        grid = search.make_selector().grid
        try:
            grid.locate(pair[:2])
        except KeyError:
            expected = "two points of the search space"
            raise invalid("pair", expected=expected, received=pair[:2], next_step="reload the page") from None
        left, right = (dict(zip(grid.names, point, strict=True)) for point in pair[:2])
        keys = {_to_key(left), _to_key(right)}
        is_known = any({_to_key(other.left), _to_key(other.right)} == keys for other in search.compared)
        if is_known or len(search.compared) >= MAX_COMPARISONS:
            return search
        comparisons = (*search.compared, Comparison(left=left, right=right, picked=picked))
        return _save(search.model_copy(update={"compared": comparisons}))


def remove_last_comparison(id: str, owner: str) -> PreferenceSearch:
    """Removes the last comparison. Raises `Unavailable` if the search no longer exists."""
    with paths.locked(_file_path(id, owner).with_suffix(".lock")):
        search = load_search(id, owner)
        return _save(search.model_copy(update={"compared": search.compared[:-1]}))


def load_recent(owner: str) -> list[PreferenceSearch]:
    """Returns the owner's last searches that have comparisons, newest first."""
    files = sorted(_folder(owner).glob(f"{_PREFIX}*.json"), key=_read_modified_time, reverse=True)
    searches: list[PreferenceSearch] = []
    for path in files:
        with suppress(OSError, ValidationError, InvalidInput):
            search = _read(path)
            if search.owner == owner and search.compared:
                searches.append(search)
        if len(searches) == _MAX_RECENT:
            break
    return searches


def delete_search(id: str, owner: str) -> None:
    """Deletes a search. Raises `Unavailable` if it no longer exists."""
    load_search(id, owner)
    for path in (_file_path(id, owner), _file_path(id, owner).with_suffix(".lock")):
        path.unlink(missing_ok=True)


def _save(search: PreferenceSearch) -> PreferenceSearch:
    """Writes a search to its file, and returns it."""
    paths.write(_file_path(search.id, search.owner), search.model_dump_json().encode())
    return search


def _read(path: Path) -> PreferenceSearch:
    if path.stat().st_size > _MAX_BYTES:
        raise InvalidInput("The saved search by preference is too large. Begin another.")
    return PreferenceSearch.model_validate_json(path.read_bytes())


def _folder(owner: str) -> Path:
    return owners.home_of(owner) / "searches"


def _file_path(id: str, owner: str) -> Path:
    if not _ID.fullmatch(id):
        raise Unavailable("This search by preference no longer exists. Begin another.")
    return _folder(owner) / f"{_PREFIX}{id}.json"


def _read_modified_time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _find_point(grid: Grid, values: dict[str, Any]) -> Point:
    """Returns a point of the grid; the nearest one if the levels have changed since."""
    return tuple(_find_level(grid.levels[name], values.get(name)) for name in grid.names)


def _find_level(levels: tuple[Any, ...], value: Any) -> Any:
    """Returns the level equal or nearest to a value; the first one if they are not numbers."""
    if value in levels:
        return value
    if not (isinstance(value, int | float) and isinstance(levels[0], int | float)):
        return levels[0]
    return min(levels, key=lambda level: abs(level - value))


def _to_key(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))

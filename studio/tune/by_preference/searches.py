"""Searches by preference as they are kept: what was asked and what was picked; nothing is lost with a tab.

Each of many who share a studio has a folder of searches, among what is noted of them, and they count as work.
"""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from studio.core import owners, paths, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable, invalid
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.engine import quotas
from studio.tune.by_preference.levels import Grid, Point
from studio.tune.by_preference.pairs import MOST, Pair, Pairs
from studio.tune.space import space

ABLE = ("style.transfer", "dream.ascend")  # whose images only a user can compare
Picked = Literal["left", "right", "alike"]
_ID = re.compile(r"[0-9a-f]{16}")
_KEPT = "eye-"
_MOST_BYTES = 256_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Compared(_Strict):
    """Two images side by side, each by the settings that vary, and which was picked."""

    left: dict[str, Any]
    right: dict[str, Any]
    picked: Picked


class Taste(_Strict):
    """A search by preference.

    Attributes:
        id: of sixteen hexadecimal digits.
        owner: whose it is.
        task: what makes the images.
        settings: what they all share.
        vary: what varies and how far, as `studio.tune.space.space` takes it.
        inputs: the files of each slot.
        seed: of what is tried.
        size: the longer side of the finished image, in px.
        compared: what was picked so far.
        begun: when, in seconds since 1970.
    """

    version: Literal[1] = 1
    id: str
    owner: str
    task: str
    settings: dict[str, Any]
    vary: tuple[str, ...] = Field(max_length=6)
    inputs: dict[str, tuple[File, ...]]
    seed: int = 0
    size: int = 512
    compared: tuple[Compared, ...] = Field(default=(), max_length=MOST)
    begun: float = 0.0

    @property
    def kind(self) -> type[Settings]:
        """The class of the settings."""
        return tasks.get(self.task).settings

    def duels(self) -> Pairs:
        """The search as it stands; all of it follows from what was picked."""
        grid = Grid(self.kind, space(self.kind, self.vary))
        judged = [Pair(_point(grid, one.left), _point(grid, one.right), one.picked) for one in self.compared]
        return Pairs(grid, judged, self.seed)

    def made(self, point: Point, names: tuple[str, ...], **others: Any) -> Settings:
        """The settings of an image.

        Args:
            point: the values of the settings that vary.
            names: of those.
            others: settings that differ from the shared ones, e.g. the size.
        """
        return self.kind.parse({**self.settings, **dict(zip(names, point, strict=True)), **others})


def begin(
    task: str, settings: Settings, vary: tuple[str, ...], inputs: Inputs, owner: str, size: int, seed: int = 0
) -> Taste:
    """Begins a search by preference and keeps it.

    Args:
        task: one of ABLE, or another that makes images.
        settings: what all images share; those that vary are left out of them.
        vary: what varies and how far.
        inputs: of every image.
        owner: whose it is.
        size: of the finished image.
        seed: of what is tried.

    Raises:
        InvalidInput: if nothing varies, it cannot, or settings and inputs do not go together.
        NoRoom: if the owner's work takes all the room that it may.
    """
    quotas.check_room(owner)
    names = set(space(type(settings), vary))
    tasks.check(task, settings, inputs)
    shared = {key: value for key, value in settings.model_dump(mode="json").items() if key not in names}
    files = {slot: tuple(given) for slot, given in inputs.items()}
    id = secrets.token_hex(8)
    taste = Taste(
        id=id,
        owner=owner,
        task=task,
        settings=shared,
        vary=vary,
        inputs=files,
        size=size,
        seed=seed,
        begun=time.time(),
    )
    return _kept(taste)


def find(id: str, owner: str) -> Taste:
    """The search of an id. Raises `Unavailable` if there is none, or it is another owner's."""
    with suppress(OSError, ValidationError, StudioError):
        if _ID.fullmatch(id):
            taste = _read(_path(id, owner))
            if taste.owner == owner:
                return taste
    raise Unavailable("This search by preference no longer exists. Begin another.")


def compare(id: str, owner: str, duel: Pair, picked: Picked) -> Taste:
    """Notes which was picked. A pair that was judged already, as by a second click, is left as it is.

    Raises:
        Unavailable: if the search is gone.
        InvalidInput: if the pair is none of its.
    """
    with paths.locked(_path(id, owner).with_suffix(".lock")):
        taste = find(id, owner)
        grid = taste.duels().grid
        try:
            grid.places(duel[:2])
        except KeyError:
            expected = "two points of the search space"
            raise invalid("pair", expected=expected, received=duel[:2], next_step="reload the page") from None
        left, right = (dict(zip(grid.names, point, strict=True)) for point in duel[:2])
        met = any({_key(one.left), _key(one.right)} == {_key(left), _key(right)} for one in taste.compared)
        if met or len(taste.compared) >= MOST:
            return taste
        more = (*taste.compared, Compared(left=left, right=right, picked=picked))
        return _kept(taste.model_copy(update={"compared": more}))


def undo(id: str, owner: str) -> Taste:
    """Takes the last pick back. Raises `Unavailable` if the search is gone."""
    with paths.locked(_path(id, owner).with_suffix(".lock")):
        taste = find(id, owner)
        return _kept(taste.model_copy(update={"compared": taste.compared[:-1]}))


def recent(owner: str, most: int = 3) -> list[Taste]:
    """The owner's searches in which something was picked, the last first."""
    files = sorted(_folder(owner).glob(f"{_KEPT}*.json"), key=_changed, reverse=True)
    found: list[Taste] = []
    for path in files:
        with suppress(OSError, ValidationError, InvalidInput):
            taste = _read(path)
            if taste.owner == owner and taste.compared:
                found.append(taste)
        if len(found) == most:
            break
    return found


def remove(id: str, owner: str) -> None:
    """Forgets a search. Raises `Unavailable` if it is gone already."""
    find(id, owner)
    for path in (_path(id, owner), _path(id, owner).with_suffix(".lock")):
        path.unlink(missing_ok=True)


def _kept(taste: Taste) -> Taste:
    paths.write(_path(taste.id, taste.owner), taste.model_dump_json().encode())
    return taste


def _read(path: Path) -> Taste:
    if path.stat().st_size > _MOST_BYTES:
        raise InvalidInput("The saved search by preference is too large. Begin another.")
    return Taste.model_validate_json(path.read_bytes())


def _folder(owner: str) -> Path:
    return owners.home(owner) / "searches"


def _path(id: str, owner: str) -> Path:
    if not _ID.fullmatch(id):
        raise Unavailable("This search by preference no longer exists. Begin another.")
    return _folder(owner) / f"{_KEPT}{id}.json"


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _point(grid: Grid, values: dict[str, Any]) -> Point:
    """A point of the grid; where the levels have changed since, the nearest one."""
    return tuple(_level(grid.levels[name], values.get(name)) for name in grid.names)


def _level(levels: tuple[Any, ...], value: Any) -> Any:
    """The level that a value is, else the nearest one; the first one where there is no nearest."""
    if value in levels:
        return value
    if not (isinstance(value, int | float) and isinstance(levels[0], int | float)):
        return levels[0]
    return min(levels, key=lambda one: abs(one - value))


def _key(values: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))

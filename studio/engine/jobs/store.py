"""Job folders: STUDIO_HOME/jobs/ID is the truth about a job; Dask only runs it.

job.json       what was asked: task, settings, inputs, owner, created. The server writes it once.
state.json     how it stands: state, started, ended, error, tries, last report. The server alone writes it.
outcome.json   what came of it: a result or an error, and the last report. The worker writes it once, so
               that a server killed meanwhile loses nothing that was finished.
reports.jsonl  the history, one line a report, appended by the worker.
preview.webp   the latest picture, replaced by the worker now and then.
thumbnail.webp a small picture of the result, whatever kind it is.
marks.json     what its owner says of it: a star, tags, a name. The gallery writes it.

The folder of a finished job that has a result is also what the gallery shows, so nothing is kept twice; what
was made elsewhere, as by a command, gets a folder of the same shape.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
from pydantic_core import from_json

from studio.core import paths, recipes, tasks
from studio.core.errors import StudioError
from studio.core.pictures import thumbnails
from studio.core.progress import Report
from studio.engine.jobs import schema
from studio.engine.jobs.snapshots import State

MOST_POINTS = 400
_NEW, _GONE = ".new-", ".gone-"
_STALE_SECONDS = 3600
_DIGITS = (
    "0123456789abcdefghjkmnpqrstvwxyz"  # in the order of their character codes, so that ids sort by time
)
log = logging.getLogger("studio.engine")


class Folder:
    """The files of one job, as `(path).name` above; readers see whole files or none."""

    def __init__(self, path: Path):
        self.path = path

    def read(self, name: schema.Part) -> dict[str, Any] | None:
        """`name`.json, or None if it is missing or not as the studio writes it."""
        try:
            return schema.read(self.path / f"{name}.json", name)
        except (OSError, schema.Odd):
            return None

    def written(self, name: str) -> float:
        """When `name`.json was written, in seconds since 1970."""
        return (self.path / f"{name}.json").stat().st_mtime

    def write(self, name: str, values: Mapping[str, Any]) -> None:
        """Writes `name`.json whole. Raises `NoRoom` if the disk is full."""
        text = json.dumps(values, default=_plain, ensure_ascii=False)
        paths.write(self.path / f"{name}.json", text.encode(errors="replace"))  # as names of files may be

    def history(self) -> list[dict[str, Any]]:
        """The points of the curves, `{"step", "seconds", **metrics}`, at most about MOST_POINTS."""
        try:
            lines = paths.read(self.path / "reports.jsonl", schema.MOST_BYTES).splitlines()
        except (OSError, paths.TooLarge):
            return []
        stride = max(1, round(len(lines) / MOST_POINTS))
        points = (_point(line) for line in [*lines[:-1:stride], *lines[-1:]])
        return [point for point in points if point is not None]

    def start_over(self) -> None:
        """Forgets what an earlier try reported."""
        (self.path / "reports.jsonl").unlink(missing_ok=True)

    def add_point(self, report: Report) -> None:
        """Appends one report to the history."""
        point = {"step": report.step, "seconds": round(report.seconds, 3), **report.metrics}
        with (self.path / "reports.jsonl").open("a") as lines:
            lines.write(json.dumps(point, default=_plain) + "\n")

    def preview(self) -> bytes | None:
        """The latest picture as WebP, or None."""
        return _webp(self.path / "preview.webp")

    def show(self, preview: bytes) -> None:
        """Replaces the latest picture."""
        paths.write(self.path / "preview.webp", preview)

    def thumbnail(self) -> bytes | None:
        """A small picture of the result as WebP, or None."""
        return _webp(self.path / "thumbnail.webp")

    def show_result(self, file: tasks.File) -> None:
        """Puts small pictures of the result into the folder; without them it is a result all the same."""
        try:
            seen = thumbnails.picture_of(file)
            paths.write(self.path / "thumbnail.webp", thumbnails.encode(seen))
            if file.kind == "picture":
                self.show(thumbnails.encode(seen, 512))
        except (OSError, StudioError) as error:
            log.warning("the picture of %s could not be saved: %s", self.path.name, error)

    def discard(self) -> None:
        """Removes all that the worker wrote, of a job of which nothing shall be kept."""
        for name in ("outcome.json", "reports.jsonl", "preview.webp", "thumbnail.webp"):
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)

    def forget_pictures(self) -> None:
        """Removes the small pictures, which are made again when asked for."""
        for name in ("preview.webp", "thumbnail.webp"):
            (self.path / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Removes the job at once for all readers, then its bytes."""
        gone = self.path.with_name(f"{_GONE}{secrets.token_hex(8)}")  # its own may be too long for more
        self.path.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)


def new_id(milliseconds: int) -> str:
    """Nine characters of a time since 1970, so that ids sort by it, and five that cannot be guessed."""
    digits = ""
    for _ in range(9):
        milliseconds, digit = divmod(milliseconds, 32)
        digits = _DIGITS[digit] + digits
    return digits + "".join(secrets.choice(_DIGITS) for _ in range(5))


@contextmanager
def fresh(folder: Path) -> Iterator[Folder]:
    """Yields a folder to fill that takes the place `folder` at once when all went well, else is gone."""
    new = folder.with_name(f"{_NEW}{folder.name}")
    try:
        yield Folder(new)
        new.replace(folder)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(new)
        raise


def write_finished(
    folder: Path, asked: Mapping[str, Any], result: tasks.Result, started: float | None, ended: float
) -> None:
    """Writes a result that is there already as the folder of a finished job, whole or not at all.

    Args:
        asked: what job.json holds.
        started, ended: seconds since 1970.

    Raises:
        NoRoom: if the disk is full.
    """
    stands = {"state": finished_state(result.stopped_early), "started": started, "ended": ended}
    with fresh(folder) as filled:
        filled.show_result(result.files[0])
        filled.write("job", asked)
        filled.write("outcome", {"result": pack_result(result), "report": None})
        filled.write("state", {**stands, "error": "", "tries": 0, "report": None})


def finished_state(stopped_early: bool) -> State:
    """The state of a job that has a result."""
    return "stopped" if stopped_early else "done"


def asked_of(
    task: tasks.Task,
    settings: Mapping[str, Any],
    inputs: tasks.Inputs,
    owner: str,
    weights: Mapping[str, str] | None = None,
    key: str = "",
) -> dict[str, Any]:
    """What job.json holds of a job that is asked for now.

    Args:
        weights: the very ones to make it with, as a recipe names them; None for those that are here.
        key: what tells a request that is sent again from another one; "" where it never is.
    """
    asked = {
        "task": task.name,
        "title": task.title,
        "lane": task.lane,
        "settings": dict(settings),
        "inputs": pack_inputs(inputs),
        "weights": dict(weights or {}),
        "owner": owner,
        "created": time.time(),
    }
    return asked | {"key": key} if key else asked


def sweep(root: Path) -> None:
    """Removes folders below `root` that killed processes left half-written or half-removed."""
    for path in [*root.glob(f"{_NEW}*"), *root.glob(f"{_GONE}*")]:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def is_id(name: str) -> bool:
    """Whether a folder may have this name: such as fit into addresses and commands as they are."""
    return name.isascii() and name.isalnum()


def _point(line: bytes) -> dict[str, Any] | None:
    try:
        found = from_json(line)
    except ValueError:
        return None  # the last line of a killed worker may be cut
    whole = isinstance(found, dict) and {"step", "seconds"} <= found.keys()
    return found if whole and all(type(value) in (int, float) for value in found.values()) else None


def _webp(path: Path) -> bytes | None:
    """A small picture, None if it is missing or not whole: its header says how long it is."""
    try:
        data = paths.read(path, schema.MOST_BYTES)
    except (OSError, paths.TooLarge):
        return None
    whole = (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    )
    return data if whole else None


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them; all else as text."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)


def pack_inputs(inputs: tasks.Inputs) -> dict[str, list[dict[str, str]]]:
    """Inputs as JSON has them."""
    return {slot: [asdict(file) for file in files] for slot, files in inputs.items() if files}


def unpack_inputs(packed: Mapping[str, Any]) -> dict[str, list[tasks.File]]:
    """Inputs from JSON."""
    return {slot: [tasks.File(**file) for file in files] for slot, files in packed.items()}


def pack_result(result: tasks.Result) -> dict[str, Any]:
    """A result as JSON has it."""
    recipe = result.recipe.model_dump(mode="json") if result.recipe is not None else None
    return {
        "files": [asdict(file) for file in result.files],
        "figures": json.loads(json.dumps(dict(result.figures), default=_plain)),
        "recipe": recipe,
        "stopped_early": result.stopped_early,
    }


def unpack_result(packed: Mapping[str, Any]) -> tasks.Result:
    """A result from JSON."""
    recipe = packed["recipe"]
    return tasks.Result(
        files=tuple(tasks.File(**file) for file in packed["files"]),
        figures=packed["figures"],
        recipe=None if recipe is None else recipes.Recipe.model_validate(recipe),
        stopped_early=packed["stopped_early"],
    )


def pack_report(report: Report) -> dict[str, Any]:
    """A report as JSON and events have it, without its picture."""
    return {
        "step": report.step,
        "total": report.total,
        "metrics": {name: float(value) for name, value in report.metrics.items()},
        "text": report.text,
        "seconds": report.seconds,
        "began": report.began,
        "tests": report.tests,
    }


def unpack_report(packed: Mapping[str, Any]) -> Report:
    """A report from JSON; what a newer studio may have added is left out."""
    known = {field.name for field in fields(Report)}
    return Report(**{name: value for name, value in packed.items() if name in known})

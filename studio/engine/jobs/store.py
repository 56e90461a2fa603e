"""Job folders: STUDIO_HOME/jobs/ID is the truth about a job; Dask only runs it.

job.json       what was asked: task, settings, inputs, owner, created. The server writes it once.
state.json     how it stands: state, started, ended, error, tries, last report. The server alone writes it.
outcome.json   what came of it: a result or an error, and the last report. The worker writes it once, so
               that a server killed meanwhile loses nothing that was finished.
reports.jsonl  the history, one line a report, appended by the worker.
preview.webp   the latest image, replaced by the worker now and then.
thumbnail.webp a small image of the result, whatever kind it is.
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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from studio.core import paths, tasks
from studio.core.errors import StudioError
from studio.core.imaging import thumbnails
from studio.core.progress import Report
from studio.engine.jobs.parts import Marks, Outcome, Request, Status, finished_state

MOST_BYTES = 64 * 10**6  # of a file
MOST_POINTS = 400
_NEW, _GONE = ".new-", ".gone-"
_STALE_SECONDS = 3600
_DIGITS = (
    "0123456789abcdefghjkmnpqrstvwxyz"  # in the order of their character codes, so that ids sort by time
)
log = logging.getLogger("studio.engine")


FILES: dict[type[BaseModel], str] = {
    Request: "job.json",
    Status: "state.json",
    Outcome: "outcome.json",
    Marks: "marks.json",
}
Part = TypeVar("Part", Request, Status, Outcome, Marks)


class Folder:
    """The files of one job, as `(path).name` above; readers see whole files or none."""

    def __init__(self, path: Path):
        self.path = path

    def read(self, part: type[Part]) -> Part | None:
        """What a file holds, or None if it is missing or not as the studio writes it."""
        try:
            return part.model_validate_json(paths.read(self.path / FILES[part], MOST_BYTES))
        except (OSError, paths.TooLarge, ValidationError):
            return None

    def written(self, part: type[Part]) -> float:
        """When a file was written, in seconds since 1970."""
        return (self.path / FILES[part]).stat().st_mtime

    def write(self, part: type[Part], values: BaseModel) -> None:
        """Writes the fields of a file that `values` has, whole. Raises `NoRoom` if the disk is full."""
        fields = values.model_dump(include=set(part.model_fields), exclude_none=True)
        text = json.dumps(fields, default=_plain, ensure_ascii=False)
        paths.write(self.path / FILES[part], text.encode(errors="replace"))  # as names of files may be

    def owner(self) -> str | None:
        """The owner that job.json names, whatever else is odd in it. Raises OSError if there is no file."""
        try:
            found = from_json(paths.read(self.path / FILES[Request], MOST_BYTES))
        except (ValueError, paths.TooLarge):
            return None
        owner = found.get("owner") if isinstance(found, dict) else None
        return owner if isinstance(owner, str) and owner else None

    def history(self) -> list[dict[str, Any]]:
        """The points of the curves, `{"step", "seconds", **metrics}`, at most about MOST_POINTS."""
        try:
            lines = paths.read(self.path / "reports.jsonl", MOST_BYTES).splitlines()
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
        """The latest image as WebP, or None."""
        return _webp(self.path / "preview.webp")

    def show(self, preview: bytes) -> None:
        """Replaces the latest image."""
        paths.write(self.path / "preview.webp", preview)

    def thumbnail(self) -> bytes | None:
        """A small image of the result as WebP, or None."""
        return _webp(self.path / "thumbnail.webp")

    def show_result(self, file: tasks.File) -> None:
        """Puts small images of the result into the folder; without them it is a result all the same."""
        try:
            seen = thumbnails.image_of(file)
            paths.write(self.path / "thumbnail.webp", thumbnails.encode(seen))
            if file.kind == "image":
                self.show(thumbnails.encode(seen, 512))
        except (OSError, StudioError) as error:
            log.warning("the image of %s could not be saved: %s", self.path.name, error)

    def discard(self) -> None:
        """Removes all that the worker wrote, of a job of which nothing shall be kept."""
        for name in ("outcome.json", "reports.jsonl", "preview.webp", "thumbnail.webp"):
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)

    def forget_images(self) -> None:
        """Removes the small images, which are made again when asked for."""
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
    folder: Path, request: Request, result: tasks.Result, started: float | None, ended: float
) -> None:
    """Writes a result that is there already as the folder of a finished job, whole or not at all.

    Args:
        started, ended: seconds since 1970.

    Raises:
        NoRoom: if the disk is full.
    """
    with fresh(folder) as filled:
        filled.show_result(result.files[0])
        filled.write(Request, request)
        filled.write(Outcome, Outcome.model_construct(result=result))
        filled.write(Status, Status(state=finished_state(result), started=started, ended=ended))


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
    """A small image, None if it is missing or not whole: its header says how long it is."""
    try:
        data = paths.read(path, MOST_BYTES)
    except (OSError, paths.TooLarge):
        return None
    whole = (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    )
    return data if whole else None


def plain(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures as JSON has them."""
    return json.loads(json.dumps(figures, default=_plain))


def _plain(value: Any) -> Any:
    """NumPy's numbers and arrays as JSON has them; all else as text."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)

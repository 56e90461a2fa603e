"""Job folders. STUDIO_HOME/jobs/ID is authoritative for a job; Dask only runs it.

job.json       the request: task, settings, inputs, owner, created. The server writes it once.
state.json     the status: state, started, ended, error, tries, last report. Only the server writes it.
outcome.json   a result or an error, and the last report. The worker writes it once, so a finished job
               survives a killed server.
reports.jsonl  the history, a line per report, appended by the worker.
preview.webp   the latest preview, replaced by the worker from time to time.
thumbnail.webp a small image of the result of any kind.
marks.json     the owner's star, tags and name. The gallery writes it.

The gallery shows the folders of finished jobs with a result, so nothing is stored twice. A result from
elsewhere, such as a command, gets a folder of the same form.
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
from studio.engine.jobs.records import Marks, Outcome, Request, Status, finished_state

MAX_BYTES = 64 * 10**6  # of a file
MAX_POINTS = 400  # of a curve
_NEW_PREFIX, _REMOVED_PREFIX = ".new-", ".gone-"
_STALE_SECONDS = 3600
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"  # in the order of character codes, so ids sort by time
log = logging.getLogger("studio.engine")


FILES: dict[type[BaseModel], str] = {
    Request: "job.json",
    Status: "state.json",
    Outcome: "outcome.json",
    Marks: "marks.json",
}
Part = TypeVar("Part", Request, Status, Outcome, Marks)


class Folder:
    """The folder of one job. Its files are written atomically."""

    def __init__(self, path: Path):
        self.path = path

    def read(self, part: type[Part]) -> Part | None:
        """Reads a file. Returns None if it is missing or invalid."""
        try:
            return part.model_validate_json(paths.read(self.path / FILES[part], MAX_BYTES))
        except (OSError, paths.TooLarge, ValidationError):
            return None

    def modified_at(self, part: type[Part]) -> float:
        """Returns when a file was written, in seconds since 1970."""
        return (self.path / FILES[part]).stat().st_mtime

    def write(self, part: type[Part], source: BaseModel) -> None:
        """Writes the fields of `source` to a file. Raises `InsufficientSpace` if the disk is full."""
        fields = source.model_dump(include=set(part.model_fields), exclude_none=True)
        text = json.dumps(fields, default=_to_json_value, ensure_ascii=False)
        paths.write(self.path / FILES[part], text.encode(errors="replace"))  # file names may be invalid text

    def read_owner(self) -> str | None:
        """Returns the owner in job.json, even if other fields are invalid. Raises OSError if missing."""
        try:
            request = from_json(paths.read(self.path / FILES[Request], MAX_BYTES))
        except (ValueError, paths.TooLarge):
            return None
        owner = request.get("owner") if isinstance(request, dict) else None
        return owner if isinstance(owner, str) and owner else None

    def read_history(self) -> list[dict[str, Any]]:
        """Returns the points of the curves, `{"step", "seconds", **metrics}`, at most about MAX_POINTS."""
        try:
            lines = paths.read(self.path / "reports.jsonl", MAX_BYTES).splitlines()
        except (OSError, paths.TooLarge):
            return []
        stride = max(1, round(len(lines) / MAX_POINTS))
        points = (_parse_point(line) for line in [*lines[:-1:stride], *lines[-1:]])
        return [point for point in points if point is not None]

    def remove_history(self) -> None:
        """Removes the history of an earlier try."""
        (self.path / "reports.jsonl").unlink(missing_ok=True)

    def add_point(self, report: Report) -> None:
        """Appends one report to the history."""
        point = {"step": report.step, "seconds": round(report.seconds, 3), **report.metrics}
        with (self.path / "reports.jsonl").open("a") as lines:
            lines.write(json.dumps(point, default=_to_json_value) + "\n")

    def read_preview(self) -> bytes | None:
        """Returns the latest preview as WebP, or None."""
        return _read_webp(self.path / "preview.webp")

    def write_preview(self, preview: bytes) -> None:
        """Replaces the latest preview, WebP."""
        paths.write(self.path / "preview.webp", preview)

    def read_thumbnail(self) -> bytes | None:
        """Returns a small image of the result as WebP, or None."""
        return _read_webp(self.path / "thumbnail.webp")

    def write_thumbnails(self, file: tasks.File) -> None:
        """Saves small images of the result in the folder. A failure is logged, and the result stays valid."""
        try:
            image = thumbnails.make_image(file)
            paths.write(self.path / "thumbnail.webp", thumbnails.encode(image))
            if file.kind == "image":
                self.write_preview(thumbnails.encode(image, 512))
        except (OSError, StudioError) as error:
            log.warning("the thumbnail of %s could not be saved: %s", file.name, error)

    def remove_worker_files(self) -> None:
        """Removes all files of the worker, for a cancelled job."""
        for name in ("outcome.json", "reports.jsonl", "preview.webp", "thumbnail.webp"):
            with suppress(OSError):
                (self.path / name).unlink(missing_ok=True)

    def remove_images(self) -> None:
        """Removes the small images, which are created again on demand."""
        for name in ("preview.webp", "thumbnail.webp"):
            (self.path / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Hides the job from all readers at once, then deletes its files."""
        # A new name, because the own name may be too long for a prefix.
        hidden_path = self.path.with_name(f"{_REMOVED_PREFIX}{secrets.token_hex(8)}")
        self.path.replace(hidden_path)
        shutil.rmtree(hidden_path, ignore_errors=True)


def new_id(milliseconds: int) -> str:
    """Returns a job id: nine characters of the time since 1970, so ids sort by it, and five random ones."""
    digits = ""
    for _ in range(9):
        milliseconds, digit = divmod(milliseconds, 32)
        digits = _DIGITS[digit] + digits
    return digits + "".join(secrets.choice(_DIGITS) for _ in range(5))


@contextmanager
def new_folder(folder: Path) -> Iterator[Folder]:
    """Yields a temporary folder to fill. It becomes `folder` atomically on success, else it is removed."""
    temporary = folder.with_name(f"{_NEW_PREFIX}{folder.name}")
    try:
        yield Folder(temporary)
        temporary.replace(folder)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(temporary)
        raise


def write_finished(
    folder: Path, request: Request, result: tasks.Result, started: float | None, ended: float
) -> None:
    """Writes an existing result as the folder of a finished job, atomically.

    Args:
        folder: to write.
        request, result: of the job.
        started, ended: seconds since 1970.

    Raises:
        InsufficientSpace: if the disk is full.
    """
    with new_folder(folder) as new:
        new.write_thumbnails(result.files[0])
        new.write(Request, request)
        new.write(Outcome, Outcome.model_construct(result=result))
        new.write(Status, Status(state=finished_state(result), started=started, ended=ended))


def sweep(root: Path) -> None:
    """Removes folders in `root` that killed processes left partly written or partly removed."""
    for path in [*root.glob(f"{_NEW_PREFIX}*"), *root.glob(f"{_REMOVED_PREFIX}*")]:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def is_id(name: str) -> bool:
    """Returns whether this is a valid folder name, which needs no quoting in URLs and commands."""
    return name.isascii() and name.isalnum()


def _parse_point(line: bytes) -> dict[str, Any] | None:
    try:
        point = from_json(line)
    except ValueError:
        return None  # the last line of a killed worker may be cut
    is_valid = isinstance(point, dict) and {"step", "seconds"} <= point.keys()
    return point if is_valid and all(type(value) in (int, float) for value in point.values()) else None


def _read_webp(path: Path) -> bytes | None:
    """Reads a WebP file. Returns None if it is missing or truncated, by the length in its header."""
    try:
        data = paths.read(path, MAX_BYTES)
    except (OSError, paths.TooLarge):
        return None
    is_complete = (
        data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 == len(data)
    )
    return data if is_complete else None


def to_json_data(figures: dict[str, Any]) -> dict[str, Any]:
    """Converts figures to JSON data."""
    return json.loads(json.dumps(figures, default=_to_json_value))


def _to_json_value(value: Any) -> Any:
    """Converts NumPy numbers and arrays to JSON data; all other values to text."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else str(value)

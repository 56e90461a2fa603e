"""Checks what somebody uploads, by the API or a page: what costs much is decoded in a process of its own.

That process is sandboxed, has little memory and time, and two run at once; owners take turns.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from studio.core import owners, paths
from studio.core.errors import InvalidInput, StudioError, printable, short_name
from studio.core.imaging import decoding_cost, image_io
from studio.core.process import children, sandbox
from studio.core.tasks import Kind
from studio.engine.live_queue import Turns
from studio.run import decoding, input_files

_CHEAP_TEXT = 1 << 20  # bytes
_AT_ONCE = 2
_PATIENCE = 2.0 * decoding.SECONDS  # s; the process ends itself before
_turns = Turns(lambda: _AT_ONCE)
log = logging.getLogger("studio.uploads")


def check(kind: Kind, path: Path) -> None:
    """Raises `InvalidInput` unless an uploaded file can be taken as one of its kind.

    Raises:
        Unavailable: if too many others are being checked.
        StudioError: if no process could be started.
    """
    if kind not in decoding.KINDS or _is_cheap(kind, path):
        return input_files.check(kind, path)
    with _turns.take(secrets.token_hex(8), owners.asker()):
        refused = _decoded_aside(kind, path)
    if refused:
        raise InvalidInput(refused)


def check_bytes(kind: Kind, data: bytes, name: str) -> None:
    """As `check`, of the bytes that a page has."""
    with tempfile.TemporaryDirectory(
        prefix=".new-", dir=paths.make(paths.folder("cache") / "received")
    ) as place:
        path = Path(place) / (short_name(name, 60).replace("/", "_") or kind)
        path.write_bytes(data)
        check(kind, path)


def _is_cheap(kind: Kind, path: Path) -> bool:
    size = path.stat().st_size
    if kind == "text":
        return size <= _CHEAP_TEXT
    if kind == "model":  # made elsewhere, a megabyte of its description takes a second and 70 MB
        return input_files.is_packed(path)
    if kind == "animation" or size > image_io.MOST_BYTES:
        return kind == "image"  # whose size alone is a reason to refuse it
    data = path.read_bytes()
    try:
        height, width = image_io.size(data)
    except InvalidInput:
        return True  # it is refused by its header
    return height * width <= image_io.LARGE and decoding_cost.is_told_by_sides(data)


def _decoded_aside(kind: Kind, path: Path) -> str | None:
    """Why a file is refused, as a sandboxed process finds; None if it is not."""
    place = Path(tempfile.mkdtemp(prefix=".new-", dir=paths.make(paths.folder("cache") / "received")))
    try:
        done = subprocess.run(
            sandbox.command(decoding.__name__, path.absolute()),
            input=f"{kind}\n".encode(),
            capture_output=True,
            cwd=place,
            env=children.environment(OPENBLAS_NUM_THREADS="1", TMPDIR=str(place)),
            timeout=_PATIENCE,
        )
        if done.returncode == 0:
            refused = json.loads(done.stdout)["refused"]
            return None if refused is None else str(refused)
    except subprocess.TimeoutExpired:
        return _too_costly(path)
    except (OSError, ValueError, KeyError) as error:
        raise StudioError("The file could not be checked. Try again.") from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
    log.warning(
        "a file was not decoded (%s): %s", done.returncode, done.stderr[-1000:].decode(errors="replace")
    )
    return _too_costly(path)


def _too_costly(path: Path) -> str:
    name = printable(path.name, 60)
    return f"{name} takes too much time or memory to decode. Save it smaller or shorter."

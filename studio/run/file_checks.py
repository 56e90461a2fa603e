"""Checks uploads of the API and the pages; expensive files are decoded in a separate process.

That process is sandboxed and has limited memory and time; two run at once, and owners take turns.
"""

from __future__ import annotations

import json
import logging
import secrets
import subprocess
import tempfile
from pathlib import Path

from studio.core import owners, paths
from studio.core.errors import InvalidInput, StudioError, make_printable, shorten_name
from studio.core.imaging import decoding_cost, image_io
from studio.core.process import children, sandbox
from studio.core.tasks import Kind
from studio.engine.turns import Turns
from studio.run import decoding, input_files

_CHEAP_TEXT_BYTES = 1 << 20
_MAX_PROCESSES = 2
_TIMEOUT_SECONDS = 2.0 * decoding.MAX_SECONDS  # the process ends itself earlier
_turns = Turns(lambda: _MAX_PROCESSES, "Many other files are being checked. Try again in a moment.")
log = logging.getLogger("studio.uploads")


def check(kind: Kind, path: Path) -> None:
    """Checks an uploaded file; decodes an expensive one in a separate process.

    Raises:
        InvalidInput: if it is not a valid file of its kind.
        Unavailable: if too many others are being checked.
        StudioError: if no process could be started.
    """
    if kind not in decoding.KINDS or _is_cheap(kind, path):
        return input_files.check(kind, path)
    with _turns.take(secrets.token_hex(8), owners.get_current()):
        reason = _decode_in_sandbox(kind, path)
    if reason:
        raise InvalidInput(reason)


def check_bytes(kind: Kind, data: bytes, name: str) -> None:
    """Checks the bytes of an upload, like `check`."""
    with _create_temporary_folder() as folder:
        path = Path(folder) / (shorten_name(name, 60).replace("/", "_") or kind)
        path.write_bytes(data)
        check(kind, path)


def _create_temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """Returns a new folder among the received files, for a `with` block."""
    parent = paths.make_folder(paths.ensure_folder("cache") / "received")
    return tempfile.TemporaryDirectory(prefix=".new-", dir=parent, ignore_cleanup_errors=True)


def _is_cheap(kind: Kind, path: Path) -> bool:
    """Returns whether a file can be checked in this process: small, or rejected without decoding."""
    size = path.stat().st_size
    if kind == "text":
        return size <= _CHEAP_TEXT_BYTES
    if kind != "image":  # one MB of a model's description takes a second and 70 MB
        return False
    if size > image_io.MAX_BYTES:
        return True  # rejected without decoding
    data = path.read_bytes()
    try:
        height, width = image_io.read_size(data)
    except InvalidInput:
        return True  # the header is invalid, so it is rejected without decoding
    return height * width <= image_io.LARGE_PIXELS and decoding_cost.has_predictable_cost(data)


def _decode_in_sandbox(kind: Kind, path: Path) -> str | None:
    """Decodes a file in a sandboxed process; returns why it is rejected, or None."""
    with _create_temporary_folder() as folder:
        try:
            process = subprocess.run(
                sandbox.build_command(decoding.__name__, path.absolute()),
                input=f"{kind}\n".encode(),
                capture_output=True,
                cwd=folder,
                env=children.build_environment(OPENBLAS_NUM_THREADS="1", TMPDIR=folder),
                timeout=_TIMEOUT_SECONDS,
            )
            if process.returncode == 0:
                reason = json.loads(process.stdout)["refused"]
                return None if reason is None else str(reason)
        except subprocess.TimeoutExpired:
            return _too_costly_message(path)
        except (OSError, ValueError, KeyError) as error:
            raise StudioError("The file could not be checked. Try again.") from error
    log.warning(
        "a file was not decoded (%s): %s", process.returncode, process.stderr[-1000:].decode(errors="replace")
    )
    return _too_costly_message(path)


def _too_costly_message(path: Path) -> str:
    """Returns the error for a file whose check exceeds its limits."""
    name = make_printable(path.name, 60)
    return f"{name} takes too much time or memory to decode. Save it smaller or shorter."

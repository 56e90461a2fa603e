"""Runs a module on an untrusted file in the sandbox, with limits of time and disk, and reads its answer."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from studio.core import paths
from studio.core.errors import StudioError, make_printable
from studio.core.process import children, sandbox
from studio.imported import resave
from studio.imported.facts import Answer
from studio.imported.files import refusal

MAX_SECONDS = 600  # in total; loading Keras takes most of it on a busy machine
INCOMPLETE_ERROR = StudioError("The model was loaded, but its description is missing. Try again.")
_POLL_SECONDS = 0.2
_MAX_ANSWER_BYTES = 16 << 20  # bytes; class names may have 1 MB, up to six times as much in JSON
_MAX_LOGGED_BYTES = 2000  # bytes of its last output
_BLOCK_BYTES = 4096  # bytes that even an empty file takes
_PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "KERAS_BACKEND")  # all others may hold secrets
_TIMEOUT_CODES = (-signal.SIGALRM, -signal.SIGXCPU)

log = logging.getLogger("studio.imported")


def run(module: str, file: Path, folder: Path, name: str) -> Answer:
    """Runs a module on a file in the sandbox with an empty folder.

    Args:
        module: its name, as for `python -m`.
        file: its argument.
        folder: an empty folder.
        name: of the user's file, for errors.

    Raises:
        InvalidInput: if the module refuses the file, or the file takes too much time, memory or disk.
        StudioError: if the process failed.
    """
    max_bytes = 3 * resave.max_file_size(file.stat().st_size)
    try:
        # Write the output to the disk, because it may be endless.
        with tempfile.TemporaryFile(dir=folder.parent) as output:
            code = _run_process(sandbox.build_command(module, file), folder, output, max_bytes)
            output.seek(-min(_MAX_LOGGED_BYTES, output.seek(0, os.SEEK_END)), os.SEEK_END)
            tail = output.read().decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise refusal(name, "a file that takes too long to load", "try a smaller one") from None
    except _DiskExceeded:
        raise refusal(name, "a file that takes more disk space than it may", "try a smaller one") from None
    except OSError as error:
        raise StudioError(f"No process could be started ({error.strerror}). Try again.") from None
    if code:
        log.warning("a model was not loaded (%s): %s", code, tail)
        excess = "too long to load" if code in _TIMEOUT_CODES else "more memory than it may"
        raise refusal(name, f"a file that takes {excess}", "try a smaller one")
    try:
        # Read with a limit: the process may have left a link to an endless device.
        answer = Answer.model_validate_json(paths.read(folder / resave.ANSWER, _MAX_ANSWER_BYTES))
    except (OSError, paths.TooLarge, ValidationError):
        raise INCOMPLETE_ERROR from None
    if answer.reason is None:
        return answer
    log.info("a model was refused: %s", tail)
    raise refusal(name, make_printable(answer.reason, 300))


class _DiskExceeded(Exception):
    """Raised when a process fills the disk."""


def _run_process(command: list[str], folder: Path, output: IO[bytes], max_bytes: int) -> int:
    """Runs a process in a folder and returns its exit code.

    Raises:
        TimeoutExpired: if it takes too long.
        _DiskExceeded: if it writes more than `max_bytes`; the system's own limit is per file.
    """
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_make_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=output,
        umask=0o077,
    ) as child:
        try:
            deadline = time.monotonic() + MAX_SECONDS
            while time.monotonic() < deadline:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return child.wait(_POLL_SECONDS)
                if _measure_disk_usage(child.pid, folder) > max_bytes:
                    raise _DiskExceeded
            raise subprocess.TimeoutExpired(command, MAX_SECONDS)
        finally:
            child.kill()  # it cannot have started other processes


def _measure_disk_usage(pid: int, folder: Path) -> int:
    """Returns the bytes in a folder and in deleted files that the process has open."""
    entries = [Path(root, name) for root, folders, names in os.walk(folder) for name in (*folders, *names)]
    with contextlib.suppress(OSError):  # it has ended, or this is not Linux
        entries += [path for path in Path(f"/proc/{pid}/fd").iterdir() if path.stat().st_nlink == 0]
    total = 0
    for path in entries:
        with contextlib.suppress(OSError):
            status = path.stat() if path.parent.name == "fd" else path.lstat()
            total += max(512 * status.st_blocks, _BLOCK_BYTES)
    return total


def _make_environment(folder: Path) -> dict[str, str]:
    """Returns the environment variables of the process, without secrets."""
    environment = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    return environment | {
        "PYTHONPATH": children.build_search_path(),
        "HOME": str(folder),
        "KERAS_HOME": str(folder),
        "TMPDIR": str(folder),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }

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
from studio.core.errors import StudioError, printable
from studio.core.process import children, sandbox
from studio.imported import resave
from studio.imported.facts import Answer
from studio.imported.files import refusal

MOST_SECONDS = 600  # in all; loading Keras takes most of it on a busy machine
INCOMPLETE = StudioError("The model was loaded, but its description is missing. Try again.")
_LOOK_SECONDS = 0.2
_MOST_ANSWER = 16 << 20  # bytes; class names may take 1 MB, and six times that in JSON
_MOST_LOGGED = 2000  # bytes of its last output
_BLOCK = 4096  # bytes that even an empty file takes
_KEPT = ("PATH", "LD_LIBRARY_PATH", "KERAS_BACKEND")  # of the environment, which may hold secrets
_SLOW = (-signal.SIGALRM, -signal.SIGXCPU)

log = logging.getLogger("studio.imported")


def run(module: str, file: Path, place: Path, name: str) -> Answer:
    """Runs a module on a file in the sandbox of an empty folder.

    Args:
        module: its name, as for `python -m`.
        file: its argument.
        place: the folder.
        name: of the user's file, for errors.

    Raises:
        InvalidInput: if the module refuses the file, or the file takes too much time, memory or disk.
        StudioError: if the process could not do its work.
    """
    most = 3 * resave.most_of_a_file(file.stat().st_size)
    try:
        with tempfile.TemporaryFile(dir=place.parent) as output:  # not in memory: it may write without end
            code = _wait(sandbox.command(module, file), place, output, most)
            output.seek(-min(_MOST_LOGGED, output.seek(0, os.SEEK_END)), os.SEEK_END)
            last = output.read().decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise refusal(name, "a file that takes too long to load", "try a smaller one") from None
    except _DiskExceeded:
        raise refusal(name, "a file that takes more disk space than it may", "try a smaller one") from None
    except OSError as error:
        raise StudioError(f"No process could be started ({error.strerror}). Try again.") from None
    if code:
        log.warning("a model was not loaded (%s): %s", code, last)
        too_much = "too long to load" if code in _SLOW else "more memory than it may"
        raise refusal(name, f"a file that takes {too_much}", "try a smaller one")
    try:
        # It may have left a link, to a device without an end, say.
        answer = Answer.model_validate_json(paths.read(place / resave.ANSWER, _MOST_ANSWER))
    except (OSError, paths.TooLarge, ValidationError):
        raise INCOMPLETE from None
    if answer.refused is None:
        return answer
    log.info("a model was refused: %s", last)
    raise refusal(name, printable(answer.refused, 300))


class _DiskExceeded(Exception):
    """A process fills the disk."""


def _wait(command: list[str], place: Path, output: IO[bytes], most: int) -> int:
    """The exit code of a process that works in a folder.

    Raises:
        TimeoutExpired: if it takes too long.
        _DiskExceeded: if it leaves more than `most` bytes; the system's own limit is one of each file.
    """
    with subprocess.Popen(
        command,
        cwd=place,
        env=_environment(place),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=output,
        umask=0o077,
    ) as child:
        try:
            last = time.monotonic() + MOST_SECONDS
            while time.monotonic() < last:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    return child.wait(_LOOK_SECONDS)
                if _disk_usage(child.pid, place) > most:
                    raise _DiskExceeded
            raise subprocess.TimeoutExpired(command, MOST_SECONDS)
        finally:
            child.kill()  # it cannot have started another


def _disk_usage(pid: int, place: Path) -> int:
    """Bytes below a folder, and of files that a process has open and that no folder names any more."""
    files = [Path(at, name) for at, folders, names in os.walk(place) for name in (*folders, *names)]
    with contextlib.suppress(OSError):  # it has ended, or this is no Linux
        files += [one for one in Path(f"/proc/{pid}/fd").iterdir() if one.stat().st_nlink == 0]
    total = 0
    for one in files:
        with contextlib.suppress(OSError):
            status = one.stat() if one.parent.name == "fd" else one.lstat()
            total += max(512 * status.st_blocks, _BLOCK)
    return total


def _environment(place: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": children.search_path(),
        "HOME": str(place),
        "KERAS_HOME": str(place),
        "TMPDIR": str(place),
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }

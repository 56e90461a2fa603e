"""What the command line says and hears: results, errors, progress, Ctrl-C, and silence from native code."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from studio.core import paths, permissions
from studio.core.errors import StudioError, of_memory, printable
from studio.core.progress import Progress, Report, terminal_bar
from studio.core.tasks import Result

BAD = 2
STOPPED = 130
_MOST_LOG_BYTES = 2**20


def say(text: str) -> None:
    """One line on stdout: the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(values: Mapping[str, Any]) -> None:
    """One JSON object on stdout; NaN and infinity become null, other numbers plain ones."""
    say(json.dumps(_plain(values), allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Path):
        return str(value)
    number = float(value)
    return number if math.isfinite(number) else None


def tell(result: Result, path: Path | None, seconds: float, arguments: argparse.Namespace) -> int:
    """Says where a saved result is; of one that prints itself the rest. Returns the exit code.

    Args:
        path: None if it was not saved.
    """
    texts = [file.read().decode() for file in result.files if file.kind == "text"]
    if arguments.json:
        made: dict[str, Any] = {"path": path} if path else {}
        made |= {"text": texts[0]} if texts else {}
        made |= {"texts": texts} if len(texts) > 1 else {}
        made |= {"seconds": round(seconds, 3), "figures": result.figures}
        say_json({**made, "stopped_early": result.stopped_early})
    elif path:
        say(str(path))
    if not (arguments.quiet or arguments.json):
        for told in result.figures.get("notes", ()):
            note(told)
    if result.stopped_early and not arguments.quiet:
        note("Stopped early; the best so far is saved." if path else "Stopped early.")
    return STOPPED if result.stopped_early else 0


def note(text: str) -> None:
    """One line on stderr that is neither a result nor an error."""
    sys.stderr.write(f"{printable(' '.join(text.split()), 1000)}\n")


def error(text: str) -> int:
    """The one `error:` line on stderr. Returns the exit code."""
    note(f"error: {text}")
    return BAD


def unexpected(fault: Exception, words: Sequence[str]) -> int:
    """A fault that nobody foresaw: one line for the person, the traceback for the log.

    Args:
        words: the command; with `--verbose` among them the traceback is shown too.
    """
    trace = "".join(traceback.format_exception(fault))
    what = _described(fault)
    if "--verbose" in words:
        sys.stderr.write(trace)
    try:
        log = log_path()
        with log.open("a", encoding="utf-8", errors="replace") as handle:
            handle.write(f"{time.strftime('%F %T')} studio {' '.join(words)}\n{trace}\n")
        return error(f"{what} The log {log} has the details.")
    except (OSError, StudioError):
        return error(what)


def _described(fault: Exception) -> str:
    if of_memory(fault):
        return "The memory is not large enough for this. Next: choose a smaller size."
    if isinstance(fault, OSError) and fault.strerror:
        where = f" ({fault.filename})" if fault.filename else ""
        return f"{fault.strerror}{where}. Next: mend that and try again."
    return (
        f"Something went wrong in the studio: {type(fault).__name__}: {fault}. Next: try again, or report it."
    )


def log_path() -> Path:
    """The log of faults and native messages, begun anew when it has grown past 1 MB."""
    log = paths.folder("logs") / "command-line.log"
    if log.exists() and log.stat().st_size > _MOST_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    log.touch(permissions.FILE)
    return log


@contextlib.contextmanager
def working(
    title: str, arguments: argparse.Namespace, listener: Callable[[Report], None] | None = None
) -> Iterator[Progress]:
    """The progress of a long command: a bar on stderr, the first Ctrl-C asks to stop, the second quits.

    Args:
        listener: told the reports, with no bar in its way.
    """
    with contextlib.ExitStack() as stack:
        if not arguments.verbose:
            stack.enter_context(muted())
        cancelled = stack.enter_context(interruptible())
        if listener is not None:
            yield Progress(listener, cancelled)
        else:
            yield stack.enter_context(terminal_bar(title, quiet=arguments.quiet, cancelled=cancelled))


@contextlib.contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yields a function that tells whether Ctrl-C was pressed; pressed again it raises KeyboardInterrupt.

    Within another such block it tells of a Ctrl-C that came before it began, too.
    """
    here = _Interrupt()
    before = signal.signal(signal.SIGINT, here)
    around = before if isinstance(before, _Interrupt) else here
    try:
        yield lambda: here.stopped.is_set() or around.stopped.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


class _Interrupt:
    """Hears Ctrl-C: the first is noted, the second raises."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def __call__(self, signum: int, frame: Any) -> None:
        if self.stopped.is_set():
            raise KeyboardInterrupt
        self.stopped.set()


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Sends what native libraries write to stdout and stderr into the log, and warnings with it.

    TensorFlow prints some lines before any of its settings counts, so the file descriptors themselves are
    moved. Python's own streams go on to where they went, whoever holds them: a program that calls
    `studio.make` logs to them.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _warnings_aside(), _aside("stdout", 1), _aside("stderr", 2):
        yield


@contextlib.contextmanager
def _warnings_aside() -> Iterator[None]:
    before = warnings.showwarning

    def log(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        told = warnings.formatwarning(message, category, filename, lineno, line)
        with contextlib.suppress(OSError, StudioError), log_path().open("a", errors="replace") as handle:
            handle.write(told)

    warnings.showwarning = log
    try:
        yield
    finally:
        if warnings.showwarning is log:  # else the program has another since
            warnings.showwarning = before


@contextlib.contextmanager
def _aside(name: str, descriptor: int) -> Iterator[None]:
    """Leads a stream of Python's around its descriptor; whoever else writes there writes into the log."""
    stream = getattr(sys, name)
    file = _file(stream, descriptor)
    if file is None:
        yield
        return
    person = os.dup(descriptor)
    _lead(file, person)
    with log_path().open("ab") as log:
        os.dup2(log.fileno(), descriptor)
    try:
        yield
    finally:
        stream.flush()
        os.dup2(person, descriptor)
        _lead(file, descriptor)
        os.close(person)


def _file(stream: Any, descriptor: int) -> io.FileIO | None:
    """What a stream of Python's writes to in the end; None if that is not this descriptor."""
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)
    return file if isinstance(file, io.FileIO) and not file.closed and file.fileno() == descriptor else None


def _lead(file: io.FileIO, descriptor: int) -> None:
    """Lets an open file write to another descriptor, so that all who hold its stream do."""
    name = file.name
    file.__init__(descriptor, "wb", closefd=False)  # type: ignore[misc]
    file.name = name

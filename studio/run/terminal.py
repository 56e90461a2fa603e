"""A terminal while work continues: notes, progress, Ctrl-C, and silence from native code."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from studio.core import paths, permissions
from studio.core.errors import StudioError, printable
from studio.core.progress import Progress, Report, terminal_bar

_MOST_LOG_BYTES = 2**20


def note(text: str) -> None:
    """One line on stderr that is neither a result nor an error."""
    sys.stderr.write(f"{printable(' '.join(text.split()), 1000)}\n")


def log_path() -> Path:
    """The log of faults and native messages, begun again when it has grown past 1 MB."""
    log = paths.folder("logs") / "command-line.log"
    if log.exists() and log.stat().st_size > _MOST_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    log.touch(permissions.FILE)
    return log


@contextlib.contextmanager
def working(
    title: str, *, quiet: bool, verbose: bool, listener: Callable[[Report], None] | None = None
) -> Iterator[Progress]:
    """The progress of a long command: a bar on stderr, the first Ctrl-C asks to stop, the second quits.

    Args:
        quiet: shows no progress.
        verbose: lets native libraries write to the terminal, too.
        listener: told the reports, with no bar in its way.
    """
    with contextlib.ExitStack() as stack:
        if not verbose:
            stack.enter_context(muted())
        cancelled = stack.enter_context(interruptible())
        if listener is not None:
            yield Progress(listener, cancelled)
        else:
            yield stack.enter_context(terminal_bar(title, quiet=quiet, cancelled=cancelled))


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

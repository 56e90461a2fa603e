"""The terminal during work: notes, progress, Ctrl-C, and muting of native code."""

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
from studio.core.errors import StudioError, make_printable
from studio.core.progress import Progress, Report, show_terminal_bar

_MAX_LOG_BYTES = 2**20


def print_note(text: str) -> None:
    """Prints a line to stderr that is neither a result nor an error."""
    sys.stderr.write(f"{make_printable(' '.join(text.split()), 1000)}\n")


def prepare_log() -> Path:
    """Creates the log of errors and native messages, or replaces one larger than 1 MB. Returns its path."""
    log = paths.ensure_folder("logs") / "command-line.log"
    if log.exists() and log.stat().st_size > _MAX_LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    log.touch(permissions.FILE_MODE)
    return log


@contextlib.contextmanager
def show_progress(
    title: str, *, quiet: bool, verbose: bool, listener: Callable[[Report], None] | None = None
) -> Iterator[Progress]:
    """Shows a bar on stderr during a long command; one Ctrl-C stops it, a second one quits.

    Yields the progress for the command's reports.

    Args:
        title: title of the bar.
        quiet: whether to show no progress.
        verbose: whether native libraries may write to the terminal.
        listener: receives the reports instead of a bar.
    """
    with contextlib.ExitStack() as stack:
        if not verbose:
            stack.enter_context(mute_native_output())
        is_cancelled = stack.enter_context(catch_interrupts())
        if listener is not None:
            yield Progress(listener, is_cancelled)
        else:
            yield stack.enter_context(show_terminal_bar(title, quiet=quiet, cancelled=is_cancelled))


@contextlib.contextmanager
def catch_interrupts() -> Iterator[Callable[[], bool]]:
    """Yields a function that returns whether Ctrl-C was pressed; a second Ctrl-C raises KeyboardInterrupt.

    Inside another such block, a Ctrl-C from before this block counts, too.
    """
    interrupt = _InterruptHandler()
    previous_handler = signal.signal(signal.SIGINT, interrupt)
    outer = previous_handler if isinstance(previous_handler, _InterruptHandler) else interrupt
    try:
        yield lambda: interrupt.stopped.is_set() or outer.stopped.is_set()
    finally:
        signal.signal(signal.SIGINT, previous_handler)


class _InterruptHandler:
    """A handler of Ctrl-C that remembers the first one and raises at the second."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def __call__(self, signum: int, frame: Any) -> None:
        if self.stopped.is_set():
            raise KeyboardInterrupt
        self.stopped.set()


@contextlib.contextmanager
def mute_native_output() -> Iterator[None]:
    """Redirects what native libraries write to stdout and stderr to the log, and Python warnings, too.

    TensorFlow prints lines before its settings apply, so the file descriptors are redirected. Python's own
    streams keep their targets, because a program that calls `studio.make` may log to them.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _log_warnings(), _redirect_native_output("stdout", 1), _redirect_native_output("stderr", 2):
        yield


@contextlib.contextmanager
def _log_warnings() -> Iterator[None]:
    """Writes Python warnings to the log instead of stderr."""
    original = warnings.showwarning

    def log(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = warnings.formatwarning(message, category, filename, lineno, line)
        with contextlib.suppress(OSError, StudioError), prepare_log().open("a", errors="replace") as handle:
            handle.write(text)

    warnings.showwarning = log
    try:
        yield
    finally:
        if warnings.showwarning is log:  # otherwise the program has replaced it
            warnings.showwarning = original


@contextlib.contextmanager
def _redirect_native_output(name: str, descriptor: int) -> Iterator[None]:
    """Gives a Python stream a new descriptor and redirects the old one, used by native code, to the log."""
    stream = getattr(sys, name)
    file = _find_raw_file(stream, descriptor)
    if file is None:
        yield
        return
    original = os.dup(descriptor)
    _set_descriptor(file, original)
    with prepare_log().open("ab") as log:
        os.dup2(log.fileno(), descriptor)
    try:
        yield
    finally:
        stream.flush()
        os.dup2(original, descriptor)
        _set_descriptor(file, descriptor)
        os.close(original)


def _find_raw_file(stream: Any, descriptor: int) -> io.FileIO | None:
    """Returns the raw file of a Python stream, or None if it does not write to this descriptor."""
    buffer = getattr(stream, "buffer", None)
    file = getattr(buffer, "raw", buffer)
    return file if isinstance(file, io.FileIO) and not file.closed and file.fileno() == descriptor else None


def _set_descriptor(file: io.FileIO, descriptor: int) -> None:
    """Makes an open file write to another descriptor, for everyone who holds its stream."""
    name = file.name
    file.__init__(descriptor, "wb", closefd=False)  # type: ignore[misc]
    file.name = name

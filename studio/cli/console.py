"""What commands print: results, one line for each error, and the details in the log."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from studio.core import tasks
from studio.core.errors import StudioError, of_memory
from studio.core.progress import Progress, Report
from studio.core.tasks import Result, Task
from studio.run import outputs, terminal

BAD = 2
STOPPED = 130


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
            terminal.note(told)
    if result.stopped_early and not arguments.quiet:
        terminal.note("Stopped early; the best so far is saved." if path else "Stopped early.")
    return STOPPED if result.stopped_early else 0


def error(text: str) -> int:
    """The one `error:` line on stderr. Returns the exit code."""
    terminal.note(f"error: {text}")
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
        log = terminal.log_path()
        with log.open("a", encoding="utf-8", errors="replace") as handle:
            handle.write(f"{time.strftime('%F %T')} studio {' '.join(words)}\n{trace}\n")
        return error(f"{what} The log {log} has the details.")
    except (OSError, StudioError):
        return error(what)


def _described(fault: Exception) -> str:
    if of_memory(fault):
        return "The memory is not large enough for this. Choose a smaller size."
    if isinstance(fault, OSError) and fault.strerror:
        where = f" ({fault.filename})" if fault.filename else ""
        return f"{fault.strerror}{where}. Fix that and try again."
    return f"Something went wrong in the studio: {type(fault).__name__}: {fault}. Try again, or report it."


@contextlib.contextmanager
def working(
    title: str, arguments: argparse.Namespace, listener: Callable[[Report], None] | None = None
) -> Iterator[Progress]:
    """As `terminal.working`, as quiet and as verbose as a command was asked to be."""
    with terminal.working(
        title, quiet=arguments.quiet, verbose=arguments.verbose, listener=listener
    ) as progress:
        yield progress


def tell_answer(
    task: Task,
    result: Result,
    named: Mapping[str, Sequence[str]],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    """Prints or saves what a task answers: in words for a user, as one object for a program.

    Args:
        task: one that is `readable`.
        result: its JSON is the first file.
        named: what the user called the inputs, by slot: a task knows only the names of files.
        out: where the answer goes instead of stdout: JSON if it ends so, else words.
        seconds: that it took.
        arguments: of the command.

    Returns:
        The exit code.
    """
    answer = _with_paths(json.loads(result.files[0].read()), named)
    words = tasks.imported(task.readable)(answer)
    if out:
        out = outputs.shown_place(outputs.save_answer(answer, words, result, out), arguments.out or out.name)
    if arguments.json:
        where = {"path": out} if out else {}
        say_json({**answer, **where, "seconds": round(seconds, 3), "stopped_early": result.stopped_early})
    elif out:
        say(str(out))
    else:
        TextStream().finish(words)
    if result.stopped_early and not arguments.quiet:
        terminal.note("Stopped early.")
    return STOPPED if result.stopped_early else 0


def _with_paths(answer: dict[str, Any], named: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The same with the paths that the user wrote in the place of names."""
    for slot, texts in named.items():
        listed = answer.get(slot)
        if isinstance(listed, list) and len(listed) == len(texts):
            answer[slot] = [{**one, "path": text} for one, text in zip(listed, texts, strict=True)]
    return answer


# What a model wrote must not steer a terminal.
_STEERING = {n: 0xFFFD for n in range(0xA0) if unicodedata.category(chr(n)) == "Cc" and chr(n) not in "\n\t"}


class TextStream:
    """Stdout, as a text is written there bit by bit; of what is already there nothing is written twice."""

    def __init__(self):
        self.on_terminal = sys.stdout.isatty()
        self._done = ""

    def __call__(self, report: Report) -> None:
        """Writes what a report has more than those before; the names of stages are no part of a text."""
        if report.step:
            self._go_on(report.text)

    def finish(self, text: str) -> None:
        """Writes the rest of the text, and ends the line."""
        self._go_on(text)
        if self._done != text:  # it came out otherwise than it was shown
            self._write(f"\n\n{text}")
        self._write("\n")

    def _go_on(self, text: str) -> None:
        if text.startswith(self._done):  # which a stage between would not
            self._write(text[len(self._done) :])
            self._done = text

    def _write(self, text: str) -> None:
        shown = text.translate(_STEERING) if self.on_terminal else text
        # In UTF-8 as a saved text, whatever the terminal's language is set to.
        sys.stdout.buffer.write(shown.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()

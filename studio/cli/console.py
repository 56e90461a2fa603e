"""Output of commands: results on stdout, one line per error on stderr, details in the log."""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from studio.core import tasks
from studio.core.errors import StudioError, is_out_of_memory
from studio.core.progress import Progress, Report
from studio.core.tasks import Result, Task
from studio.run import outputs, terminal

EXIT_ERROR, EXIT_STOPPED = 2, 130  # exit codes


def print_line(text: str) -> None:
    """Prints a line of the result to stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def print_json(values: Mapping[str, Any]) -> None:
    """Prints one JSON object to stdout; NaN and infinity become null, NumPy numbers plain ones."""
    print_line(json.dumps(to_jsonable_python(values, inf_nan_mode="null", fallback=float), allow_nan=False))


def print_output(
    arguments: argparse.Namespace, values: Mapping[str, Any], lines: Iterable[str], note: str = ""
) -> int:
    """Prints lines, or one JSON object with `--json`. Returns the exit code 0.

    Args:
        arguments: arguments of the command.
        values: fields of the JSON object.
        lines: printed without `--json`.
        note: a sentence for people, which neither `--json` nor `--quiet` prints; "" for none.
    """
    if arguments.json:
        print_json(values)
        return 0
    for line in lines:
        print_line(line)
    if note and not arguments.quiet:
        terminal.print_note(note)
    return 0


def report_result(result: Result, path: Path | None, seconds: float, arguments: argparse.Namespace) -> int:
    """Prints the path of a saved result, or JSON, and notes. Returns the exit code.

    Args:
        result: the result.
        path: path of the result; None if it was not saved.
        seconds: duration.
        arguments: arguments of the command.
    """
    texts = [file.read().decode() for file in result.files if file.kind == "text"]
    if arguments.json:
        output: dict[str, Any] = {"path": path} if path else {}
        output |= {"text": texts[0]} if texts else {}
        output |= {"texts": texts} if len(texts) > 1 else {}
        output |= {"seconds": round(seconds, 3), "figures": tasks.summarize_figures(result.figures)}
        print_json({**output, "stopped_early": result.stopped_early})
    elif path:
        print_line(str(path))
    if not (arguments.quiet or arguments.json):
        for sentence in result.figures.get("notes", ()):
            terminal.print_note(sentence)
    if result.stopped_early and not arguments.quiet:
        terminal.print_note("Stopped early; the best so far is saved." if path else "Stopped early.")
    return EXIT_STOPPED if result.stopped_early else 0


def report_file(path: Path, seconds: float, figures: Mapping[str, Any], arguments: argparse.Namespace) -> int:
    """Prints the path of a saved file that is no result, or JSON. Returns the exit code."""
    return print_output(
        arguments, {"path": path, "seconds": round(seconds, 3), "figures": figures}, [str(path)]
    )


def print_error(text: str) -> int:
    """Prints the `error:` line to stderr. Returns the exit code."""
    terminal.print_note(f"error: {text}")
    return EXIT_ERROR


def report_unexpected(exception: Exception, argv: Sequence[str]) -> int:
    """Reports an unexpected exception: one line on stderr, the traceback in the log. Returns the exit code.

    Args:
        exception: the exception.
        argv: words of the command; with `--verbose`, the traceback goes to stderr, too.
    """
    traceback_text = "".join(traceback.format_exception(exception))
    message = _describe_exception(exception)
    if "--verbose" in argv:
        sys.stderr.write(traceback_text)
    try:
        log = terminal.prepare_log()
        with log.open("a", encoding="utf-8", errors="replace") as handle:
            handle.write(f"{time.strftime('%F %T')} studio {' '.join(argv)}\n{traceback_text}\n")
        return print_error(f"{message} The log {log} has the details.")
    except (OSError, StudioError):
        return print_error(message)


def _describe_exception(exception: Exception) -> str:
    """Returns an error message for an unexpected exception."""
    if is_out_of_memory(exception):
        return "The memory is not large enough for this. Choose a smaller size."
    if isinstance(exception, OSError) and exception.strerror:
        file_note = f" ({exception.filename})" if exception.filename else ""
        return f"{exception.strerror}{file_note}. Fix that and try again."
    details = f"{type(exception).__name__}: {exception}"
    return f"Something went wrong in the studio: {details}. Try again, or report it."


def show_progress(
    title: str, arguments: argparse.Namespace, listener: Callable[[Report], None] | None = None
) -> AbstractContextManager[Progress]:
    """Calls `terminal.show_progress` with the `--quiet` and `--verbose` of a command."""
    return terminal.show_progress(title, quiet=arguments.quiet, verbose=arguments.verbose, listener=listener)


def report_answer(
    task: Task,
    result: Result,
    file_values: Mapping[str, Sequence[str]],
    out: Path | None,
    seconds: float,
    arguments: argparse.Namespace,
) -> int:
    """Prints or saves the answer of a task, in words or as JSON.

    Args:
        task: a task with `format_json`.
        result: a result whose first file is JSON.
        file_values: inputs as the user wrote them, by slot; tasks know only the names of files.
        out: file for the answer instead of stdout; JSON if it ends in .json, else words.
        seconds: duration.
        arguments: arguments of the command.

    Returns:
        The exit code.
    """
    answer = _add_paths(json.loads(result.files[0].read()), file_values)
    text = tasks.import_object(task.format_json)(answer)
    if out:
        out = outputs.display_path(outputs.save_answer(answer, text, result, out), arguments.out or out.name)
    if arguments.json:
        path_entry = {"path": out} if out else {}
        print_json(
            {**answer, **path_entry, "seconds": round(seconds, 3), "stopped_early": result.stopped_early}
        )
    elif out:
        print_line(str(out))
    else:
        TextStream().finish(text)
    if result.stopped_early and not arguments.quiet:
        terminal.print_note("Stopped early.")
    return EXIT_STOPPED if result.stopped_early else 0


def _add_paths(answer: dict[str, Any], file_values: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Adds the paths that the user wrote to the entries of an answer, and returns it."""
    for slot, texts in file_values.items():
        entries = answer.get(slot)
        if isinstance(entries, list) and len(entries) == len(texts):
            answer[slot] = [{**entry, "path": text} for entry, text in zip(entries, texts, strict=True)]
    return answer


# Replaces control characters, because generated text must not control a terminal.
_CONTROL_CHARACTERS = {
    n: 0xFFFD for n in range(0xA0) if unicodedata.category(chr(n)) == "Cc" and chr(n) not in "\n\t"
}


class TextStream:
    """Prints a growing text to stdout; each call prints only what is new."""

    def __init__(self):
        self.on_terminal = sys.stdout.isatty()
        self._printed = ""

    def __call__(self, report: Report) -> None:
        """Prints the new part of a report's text; reports of stages have no step and are ignored."""
        if report.step:
            self._append(report.text)

    def finish(self, text: str) -> None:
        """Prints the rest of the text and ends the line."""
        self._append(text)
        if self._printed != text:  # the final text differs from the reports
            self._write(f"\n\n{text}")
        self._write("\n")

    def _append(self, text: str) -> None:
        if text.startswith(self._printed):  # the name of a stage would not
            self._write(text[len(self._printed) :])
            self._printed = text

    def _write(self, text: str) -> None:
        printed = text.translate(_CONTROL_CHARACTERS) if self.on_terminal else text
        # Always UTF-8, like saved texts; the locale of the terminal does not matter.
        sys.stdout.buffer.write(printed.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()

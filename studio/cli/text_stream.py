"""Writes a text to stdout: as it grows on a terminal, else whole."""

from __future__ import annotations

import sys
import unicodedata

from studio.core.progress import Report

# What a model wrote must not steer a terminal.
_STEERING = {n: 0xFFFD for n in range(0xA0) if unicodedata.category(chr(n)) == "Cc" and chr(n) not in "\n\t"}


class Scribe:
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

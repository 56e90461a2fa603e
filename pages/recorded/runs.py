"""Figures of a run for "Under the hood": of the user's own run, or of a recorded one."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from pages.widgets import browser_images
from studio.core.tasks import File

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """A run as the charts of "Under the hood" need it.

    Attributes:
        history: points of its curves, `{"step", **figures}`.
        figures: of its result; empty until there is one.
        settings: of the run.
        file: the resulting image; None for a video, or until there is one.
        command: the command of a recorded run; "" for a user's own.
    """

    history: Sequence[Mapping[str, Any]] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: File | Path | None = None
    command: str = ""

    @property
    def image(self) -> bytes:
        """The resulting image as a WebP for the browser; empty without one."""
        if isinstance(self.file, File):
            return browser_images.encode_file(self.file.digest)
        return self.file.read_bytes() if self.file else b""

    def show_label(self) -> None:
        """Draws a note on a recorded run, with the command that makes it again; nothing for another run."""
        if self.command:
            st.caption(f"A recorded run, `{self.command}`. Your own takes its place.")


def run_of_job(job: Any) -> Run:
    """Returns the run of a job, with its figures so far."""
    result = job.result
    if result is None:
        return Run(job.history, settings=job.settings)
    file = result.files[0]
    return Run(job.history, result.figures, job.settings, file if file.kind == "image" else None)


@functools.cache
def load(name: str) -> Run:
    """Loads a recorded run, see `training.drawings.recorded_runs`.

    Args:
        name: name of the page, e.g. "dream".
    """
    data = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    image = FOLDER / f"{name}.webp"
    return Run(**data, file=image if image.exists() else None)

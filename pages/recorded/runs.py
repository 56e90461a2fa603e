"""The numbers that a page draws under the hood: of a user's own run, or of one that was recorded."""

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

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """A run as the charts under the hood take it.

    Attributes:
        history: the points of its curves, `{"step", **figures}`.
        figures: of its result; empty until there is one.
        settings: what it was asked for.
        file: the image that it made; None for a video, or until there is one.
        command: what makes it again, for a recorded one; "" for a user's own.
    """

    history: Sequence[Mapping[str, Any]] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    file: File | Path | None = None
    command: str = ""

    @property
    def image(self) -> bytes:
        """What it made, as a WebP for the browser; empty without one."""
        if isinstance(self.file, File):
            return browser_images.of_file(self.file.digest)
        return self.file.read_bytes() if self.file else b""

    def say_whose(self) -> None:
        """Labels a recorded one as such, with the command that makes it again."""
        if self.command:
            st.caption(f"A recorded run, `{self.command}`. Your own takes its place.")


def of_job(job: Any) -> Run:
    """A job's own numbers so far."""
    result = job.result
    if result is None:
        return Run(job.history, settings=job.settings)
    made = result.files[0]
    return Run(job.history, result.figures, job.settings, made if made.kind == "image" else None)


@functools.cache
def recorded(name: str) -> Run:
    """A recorded run, see `pages.recorded.record`.

    Args:
        name: its page, e.g. "dream".
    """
    found = json.loads((HERE / f"{name}.json").read_text("utf-8"))
    image = HERE / f"{name}.webp"
    return Run(**found, file=image if image.exists() else None)

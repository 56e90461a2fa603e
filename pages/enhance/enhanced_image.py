"""The enhanced image of a job or a live result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from pages.widgets import words
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.enhance.comparison import Comparison, compare

TASK = "enhance.enlarge"


@dataclass(frozen=True)
class EnhancedImage:
    """An enhanced image.

    Attributes:
        content: the original.
        data: the result, encoded.
        figures: of the run.
    """

    content: File
    data: bytes = field(repr=False)
    figures: Mapping[str, Any]

    def compare(self) -> Comparison:
        """Returns the comparison with bicubic upscaling."""
        return _compare_cached(self.content.digest, self.data)


@st.cache_data(max_entries=4, show_spinner=False)
def _compare_cached(digest: str, data: bytes) -> Comparison:
    return compare(image_io.read(File(digest, "image", "").read()), image_io.read(data))


def show_notes(image: EnhancedImage | None) -> None:
    """Shows what the task says about its result, such as that detail is invented."""
    for note in image.figures.get("notes", ()) if image else ():
        st.caption(words.escape(note))


def from_live(live: engine.Live | None) -> EnhancedImage | None:
    """Returns the enhanced image of a live result, or None without one."""
    return EnhancedImage(live.inputs["content"][0], live.data, live.figures) if live else None


def from_job(job: engine.Job) -> EnhancedImage | None:
    """Returns the enhanced image of a job, or None unless its result is an image and its input is stored."""
    if job.task != TASK or job.result is None or not job.inputs["content"][0].is_available:
        return None
    return EnhancedImage(job.inputs["content"][0], job.result.files[0].read(), job.result.figures)

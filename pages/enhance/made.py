"""An image that was enlarged, as the parts of the page look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.enhance.comparison import Compared, compared

TASK = "enhance.enlarge"


@dataclass(frozen=True)
class Made:
    """An enlarged image.

    Attributes:
        content: what it was made of.
        data: the result.
        figures: of the run.
    """

    content: File
    data: bytes = field(repr=False)
    figures: Mapping[str, Any]

    def compared(self) -> Compared:
        """It next to the plain enlargement."""
        return _compared(self.content.digest, self.data)


@st.cache_data(max_entries=4, show_spinner=False)
def _compared(digest: str, data: bytes) -> Compared:
    return compared(image_io.read(File(digest, "image", "").path), image_io.read(data))


def of_live(live: engine.Live | None) -> Made | None:
    """A result that follows the sliders, if there is one."""
    return Made(live.inputs["content"][0], live.data, live.figures) if live else None


def of_job(job: engine.Job) -> Made | None:
    """The result of a job, if it has one and it is an image."""
    if job.task != TASK or job.result is None or not job.inputs["content"][0].here:
        return None
    return Made(job.inputs["content"][0], job.result.files[0].read(), job.result.figures)

"""Samples that only the pages have; commands cannot name them."""

from __future__ import annotations

from pages.form import sample_texts, video_input
from studio.core.tasks import File


def is_sample(file: File) -> bool:
    """Returns whether a file is one of these samples, by its content."""
    if file.kind == "text":
        return file in (sample_texts.store_tales(), sample_texts.store_passages())
    return (
        file.kind == "animation"
        and file.name == video_input.SAMPLE_NAME
        and file == video_input.store_sample()
    )

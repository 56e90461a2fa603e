"""The pictures as a model would see them, what to know of them, and how long it takes: before it starts."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.form import estimates, read_pictures, seen_pictures
from pages.form.read_pictures import Wish
from pages.widgets import weight_downloads
from studio.core.data import Pictures
from studio.core.generators.least_pictures import LEAST_PICTURES
from studio.core.metrics import comparison
from studio.core.settings import Settings
from studio.core.tasks import File

FEW = 500  # pictures, below which a model mostly learns them by heart


def wish(file: File, settings: Settings) -> Wish:
    """Which pictures a training of these settings learns from."""
    return Wish(file, settings.size, settings.channels, LEAST_PICTURES)


def show(task: str, file: File, settings: Settings) -> bool:
    """Shows them, or what is wrong with them; returns whether they can be learnt from as it stands."""
    looked = read_pictures.with_facts(wish(file, settings))
    if looked is None:
        return False
    pictures, _ = looked
    st.markdown(
        f"**{len(pictures.names):,} pictures**, {seen_pictures.sides(pictures)} along the shorter side. "
        "**Teach** makes a model that "
        f"draws others like them{estimates.cost_in_words(task, settings, {'data': [file]})}."
    )
    told = f"As it sees them: the square in the middle of each, {settings.size} px a side"
    seen_pictures.show(pictures, told, _notes(pictures, settings.size))
    if settings.scored:
        weight_downloads.first_run(comparison.WEIGHTS)
    return True


def _notes(pictures: Pictures, size: int) -> Iterator[str]:
    """What to know of them, one sentence each."""
    small = int((pictures.sizes.min(1) < size).sum())
    if small:
        number = "1 of them is" if small == 1 else f"{small:,} of them are"
        yield f"{number} smaller than {size} px and enlarged; a smaller size learns sooner."
    if len(pictures.names) < FEW:
        yield (
            "With so few it learns them by heart and draws little else; a thousand and more are far better."
        )

"""What a training begins with: nothing, or a voice that is taught on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.text import voices
from pages.widgets import words
from studio.core import amounts
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs
from studio.run import input_files
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.voice import SHAPE

KEY = "begin_with"
_NOTHING = "Nothing: a new voice"
_MEANS = "It forgets the characters that your text does not have. The voice that is there stays as it is."


@dataclass(frozen=True)
class Beginning:
    """What a training begins with, as the form and the job of the page take it.

    Attributes:
        name: of the voice that is taught on; "" for a new one.
        shape: its settings that cannot be others, and so are not asked for; empty for a new one.
    """

    name: str
    shape: dict[str, Any]

    def inputs(self) -> Inputs:
        """The input that holds the voice. Raises `StudioError` if it is no longer there or not whole."""
        return input_files.to_start_from(voices.TRAIN, self.name)

    def reader(self, known: list[str]) -> WriteSettings | None:
        """A voice that shows how voices read until the training has made one; None where there is none.

        Args:
            known: the voices that are there.
        """
        name = self.name or next(iter(known), "")
        return WriteSettings(preset=name) if name else None


_NEW = Beginning("", {})


def choose(known: list[str]) -> Beginning:
    """Lets a person choose a voice to teach on, if there is one, and says what that means."""
    if not known:
        return _NEW
    name = st.selectbox(
        "Begin with",
        ["", *known],
        format_func=lambda name: words.model(name) if name else _NOTHING,
        key=KEY,
        bind="query-params",
        help="A voice that is taught on knows how to write already, and so needs less text and time",
    )
    if not name:
        return _NEW
    try:
        settings = presets.find(name).settings_as(TrainTextSettings, voices.TRAIN, "a voice")
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return _NEW
    st.caption(f"{words.plain(words.model(name))} learns on, as large as it is: {_size(settings)}. {_MEANS}")
    return Beginning(name, {setting: getattr(settings, setting) for setting in SHAPE})


def _size(settings: TrainTextSettings) -> str:
    return f"{amounts.count(settings.layers, 'layer')} of {settings.units:,} units ({settings.cell.upper()})"

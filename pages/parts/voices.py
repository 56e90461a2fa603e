"""The voices: trained models that write, ours and a person's own."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.parts import kept_models, words
from studio.core import presets
from studio.core.errors import StudioError
from studio.core.tasks import File

TRAIN = "text.train"
KEY = "preset"


def names() -> list[str]:
    """The names of the presets that write and are whole, ours first."""
    found = []
    for name in presets.names():
        with suppress(StudioError):
            if presets.find(name).task == TRAIN:
                found.append(name)
    return found


def choose(known: list[str]) -> str:
    """Lets a person choose a voice; the first is chosen already."""
    name = st.selectbox("Voice", known, format_func=title, key=KEY, bind="query-params")
    st.caption(words.plain(about(name)))
    return name


def title(name: str) -> str:
    """A voice as people call it: "old-tales" -> "Old tales"."""
    return name.replace("-", " ").capitalize()


def about(name: str) -> str:
    """What a voice learnt from and how well, in one line."""
    try:
        data = presets.find(name).data()
    except StudioError as error:
        return str(error)
    source, nats = data.get("trained_on"), (data.get("figures") or {}).get("nats_per_char")
    learnt = f"Learnt from {source}. " if isinstance(source, str) else ""
    return learnt + (f"{nats:.2f} nats a character on what it had not read." if nats else "")


def keep(model: File) -> None:
    """Asks for a name and keeps a trained model under it, ready to write with."""
    kept_models.keep(model, "voice", ":material/record_voice_over:", write_with)


def write_with(name: str) -> None:
    """Chooses a voice and opens the writing part. Call it from a callback."""
    st.session_state[KEY] = name
    st.session_state["do"] = "write"

"""The language models, shipped and trained by the user."""

from __future__ import annotations

import math
from contextlib import suppress

import streamlit as st

from pages.jobs import kept_models
from pages.widgets import words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import File
from studio.core.weights import index

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


def choose(known: list[str], *, label: str = "Model", key: str = KEY, at: int = 0) -> str:
    """Lets a user choose a language model; the one at this place is chosen already."""
    name = st.selectbox(label, known, at, format_func=words.model, key=key, bind="query-params")
    st.caption(words.plain(describe(name)))
    return name


def describe(name: str) -> str:
    """Training data and perplexity of a language model, in one line."""
    try:
        data = presets.find(name).data()
    except StudioError as error:
        return str(error)
    shipped = index.shipped().presets.get(name)
    source = shipped.trained_on if shipped else data.get("trained_on")
    learned = f"Trained on {words.data_set_name(source)}." if isinstance(source, str) else ""
    nats = (data.get("figures") or {}).get("nats_per_char")
    if not nats:
        return learned
    loss = f"Negative log-likelihood {nats:.2f} nats per character (perplexity {math.exp(nats):.1f})."
    return f"{learned} {loss}".lstrip()


def keep(model: File) -> None:
    """Asks for a name and keeps a trained model under it, ready to write with."""
    kept_models.keep(model, write_with)


def write_with(name: str) -> str:
    """Chooses a language model and opens the writing part. Call it from a callback.

    Returns:
        What a user can do with it now, in a few words.
    """
    st.session_state[KEY] = name
    st.session_state["do"] = "write"
    return "write with it"

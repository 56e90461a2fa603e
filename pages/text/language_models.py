"""The language models, shipped or trained by the user."""

from __future__ import annotations

import math
from contextlib import suppress

import streamlit as st

from pages.widgets import words
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.weights import index

TRAIN = "text.train"
KEY = "preset"


def list_names() -> list[str]:
    """Returns the names of the usable language models, shipped ones first."""
    model_names = []
    for name in presets.list_names():
        with suppress(StudioError):
            if presets.find(name).task == TRAIN:
                model_names.append(name)
    return model_names


def choose(model_names: list[str], *, label: str = "Model", key: str = KEY, position: int = 0) -> str:
    """Lets the user choose a language model; `position` is the default."""
    name = st.selectbox(
        label, model_names, position, format_func=words.model_label, key=key, bind="query-params"
    )
    st.caption(words.escape(describe(name)))
    return name


def describe(name: str) -> str:
    """Returns training data and perplexity of a language model in one line."""
    try:
        data = presets.find(name).read_data()
    except StudioError as error:
        return str(error)
    shipped = index.load().presets.get(name)
    source = shipped.trained_on if shipped else data.get("trained_on")
    data_text = f"Trained on {words.data_set_name(source)}." if isinstance(source, str) else ""
    nats = (data.get("figures") or {}).get("nats_per_char")
    if not nats:
        return data_text
    loss = f"Negative log-likelihood {nats:.2f} nats per character (perplexity {math.exp(nats):.1f})."
    return f"{data_text} {loss}".lstrip()


def write_with(name: str) -> str:
    """Selects a language model and opens **Write**. Call it from a callback.

    Returns:
        What the user can do with it now, in a few words.
    """
    st.session_state[KEY] = name
    st.session_state["do"] = "write"
    return "write with it"

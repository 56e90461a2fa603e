"""The seed of a form: a run draws a new one, unless the user keeps the current one."""

from __future__ import annotations

import random
from typing import Literal

import streamlit as st

from pages.widgets import browser_history, numbers
from studio.core.settings import SettingInfo

FIELD = "seed"  # some pages ask for it outside the form
MAX_SEED = 2**31 - 1
KEEP_KEY = "keep_seed"
_FORM_KEY, _DRAWN_KEY = "seed_form", "seed_drawn"  # of the session

# What a start does with the seed at first: it draws a new one, or keeps it, so that two training runs differ
# only in what the user changed. "live": there is no start, because the page shows each change at once.
Mode = Literal["random", "kept", "live"]


def ask(field: SettingInfo, mode: Mode) -> int:
    """Draws the widgets of the seed. Returns its value."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = numbers.ask_number(
            field.label,
            min_value=0,
            max_value=MAX_SEED,
            value=field.default,
            key=FIELD,
            bind="query-params",
            on_change=keep,  # a typed seed is meant to be used
        )
        st.button(
            "Another seed",
            icon=":material/casino:",
            on_click=set_random_seed,
            help="Use a new random seed",
            disabled=not is_kept(),
        )
    if mode == "live":
        st.caption(field.help)
        return value
    st.checkbox("Keep this seed", key=KEEP_KEY, persist_state="session")
    st.caption(f"{field.help} Unless you keep it, each run draws a new one.")
    return value


def decide_to_keep(form: str, mode: Mode) -> None:
    """Decides for a form that was just opened whether runs keep its seed. Call it before `ask`.

    A seed from the address is kept: it belongs to a shared link, to a reload, or to Back and Forward.

    Args:
        form: name of the form.
        mode: what a start does with the seed at first.
    """
    is_opened = st.session_state.get(_FORM_KEY) != form or browser_history.is_back_or_forward()
    st.session_state[_FORM_KEY] = form
    if is_opened or mode == "live":
        st.session_state[KEEP_KEY] = mode != "random" or FIELD in st.query_params


def restore(form: str) -> None:
    """Keeps the seed that a result or saved settings set in a form. Call it from a callback."""
    st.session_state[_FORM_KEY] = form
    keep()


def reset(mode: Mode) -> None:
    """Lets runs draw new seeds again, except in training. Call it from a callback."""
    st.session_state[KEEP_KEY] = mode != "random"


def is_kept() -> bool:
    """Returns whether runs keep the seed; also where no form asks for one."""
    return bool(st.session_state.get(KEEP_KEY, True))


def keep() -> None:
    """Keeps the seed in the next runs. Call it from a callback."""
    st.session_state[KEEP_KEY] = True


def set_and_keep(seed: int) -> None:
    """Sets the seed and keeps it in the next runs. Call it from a callback."""
    st.session_state[FIELD] = seed
    keep()


def set_random_seed() -> None:
    """Sets a random seed. Call it from a callback."""
    [st.session_state[FIELD]] = draw(1)


def draw(count: int) -> list[int]:
    """Returns different random seeds."""
    return random.SystemRandom().sample(range(MAX_SEED + 1), count)


def draw_unless_kept() -> None:
    """Draws a new seed before a run, unless the user keeps the current one. Call it from a callback."""
    if not is_kept():
        set_random_seed()
        st.session_state[_DRAWN_KEY] = st.session_state[FIELD]


def is_drawn(seed: object) -> bool:
    """Returns whether a seed was drawn for a run, so that the user did not choose it."""
    return seed is not None and st.session_state.get(_DRAWN_KEY) == seed

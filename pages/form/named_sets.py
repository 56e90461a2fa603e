"""A data set of TensorFlow Datasets by its name: looked up here, and fetched only by what learns from it."""

from __future__ import annotations

import streamlit as st

from pages.widgets import keys, words
from studio.core import amounts, data
from studio.core.data import builders
from studio.core.errors import StudioError
from studio.core.tasks import File

KEY = "set_name"
SUGGESTED = ("mnist", "tf_flowers", "celeb_a")
_LOOKED_UP = "set_looked_up"  # of the session: the name, and its file or what is wrong with it


def choose() -> File | None:
    """Asks for a name; None while there is none, and after saying what is wrong with it. Fetches nothing."""
    name = st.text_input(
        "Name in TensorFlow Datasets",
        key=KEY,
        bind="query-params",
        placeholder="mnist",
        help="Must contain images. Data sets that are already on this machine are used immediately",
    )
    with st.container(horizontal=True, gap="small"):
        for one in SUGGESTED:
            st.button(one, key=keys.part(KEY, one), type="tertiary", on_click=_put, args=(one,))
    name = (name or "").strip().removeprefix(builders.PREFIX)
    if not name:
        st.caption(
            ":material/info: For the names, see "
            "[the catalog](https://www.tensorflow.org/datasets/catalog/overview). Check their licenses."
        )
        return None
    found = _looked_up(name)
    if isinstance(found, File):
        return found
    st.error(words.plain(found), icon=":material/error:")
    st.button("Look again", icon=":material/refresh:", type="tertiary", on_click=_forget)
    return None


def size(absent: int) -> str:
    """`11_594_722` -> "at most 12 MB": what a fetch of so many bytes takes, 0 for what is not known."""
    return f"at most {amounts.size(absent)}" if absent else "of unknown size"


def _looked_up(name: str) -> File | str:
    """The reference to a data set, or what is wrong with it. Looked up once: without a network, that takes
    seconds."""
    known = st.session_state.get(_LOOKED_UP)
    if known is None or known[0] != name:
        with st.spinner("Searching ..."):
            try:
                found: File | str = data.reference(builders.PREFIX + name)
            except StudioError as error:
                found = str(error)
        known = st.session_state[_LOOKED_UP] = name, found
    return known[1]


def _put(name: str) -> None:
    st.session_state[KEY] = name


def _forget() -> None:
    st.session_state.pop(_LOOKED_UP, None)

"""A data set of TensorFlow Datasets by its name: looked up here, downloaded by the training job."""

from __future__ import annotations

import streamlit as st

from pages.form import problems
from pages.widgets import keys
from studio.core import amounts, data
from studio.core.data import builders
from studio.core.errors import StudioError
from studio.core.tasks import File

KEY = "set_name"
SUGGESTIONS = ("mnist", "tf_flowers", "celeb_a")
_LOOKUP_KEY = "set_looked_up"  # session value: the name, and its file or the error


def choose() -> File | None:
    """Asks for a name. Returns None while there is none or after showing an error. Downloads nothing."""
    name = st.text_input(
        "Name in TensorFlow Datasets",
        key=KEY,
        bind="query-params",
        placeholder="mnist",
        help="Name of an image data set; it is downloaded unless it is already on this machine",
    )
    with st.container(horizontal=True, gap="small"):
        for suggestion in SUGGESTIONS:
            st.button(
                suggestion,
                key=keys.part(KEY, suggestion),
                type="tertiary",
                on_click=_set_name,
                args=(suggestion,),
            )
    name = (name or "").strip().removeprefix(builders.PREFIX)
    if not name:
        st.caption(
            ":material/info: For the names, see "
            "[the catalog](https://www.tensorflow.org/datasets/catalog/overview). Check their licenses."
        )
        problems.note("Type the name of a data set, or choose other images.")
        return None
    result = _find_data_set(name)
    if isinstance(result, File):
        return result
    problems.show(result)
    st.button("Look again", icon=":material/refresh:", type="tertiary", on_click=_clear_lookup)
    return None


def describe_download(missing_bytes: int) -> str:
    """Returns the size of a download in words: `11_594_722` -> "at most 12 MB"; 0 if unknown."""
    return f"at most {amounts.format_bytes(missing_bytes)}" if missing_bytes else "of unknown size"


def _find_data_set(name: str) -> File | str:
    """Returns the reference to a data set, or an error message. Cached: offline, it takes seconds."""
    lookup = st.session_state.get(_LOOKUP_KEY)
    if lookup is None or lookup[0] != name:
        with st.spinner("Searching ..."):
            try:
                result: File | str = data.store_reference(builders.PREFIX + name)
            except StudioError as error:
                result = str(error)
        lookup = st.session_state[_LOOKUP_KEY] = name, result
    return lookup[1]


def _set_name(name: str) -> None:
    st.session_state[KEY] = name


def _clear_lookup() -> None:
    st.session_state.pop(_LOOKUP_KEY, None)

"""The voices: trained models that write, ours and a person's own."""

from __future__ import annotations

import re
from contextlib import suppress

import streamlit as st

from pages.parts import words
from studio.core import presets
from studio.core.errors import StudioError
from studio.core.tasks import File

TRAIN = "text.train"
KEY = "preset"
_MOST_NAME = 40
_SAID = "voice_said"


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
    key = f"voice_name_{model.digest[:8]}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name of the voice", value=slug(model.name.rpartition(".")[0]), max_chars=60, key=key)
        st.button(
            "Keep as voice",
            key=f"{key}_keep",
            type="primary",
            icon=":material/record_voice_over:",
            on_click=_keep,
            args=(model, key),
        )
    if said := st.session_state.pop(_SAID, ""):
        st.error(words.plain(said), icon=":material/error:")


def slug(text: str) -> str:
    """A name as presets have them: lower-case letters, digits and hyphens; "" if nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_MOST_NAME].strip("-")


def _keep(model: File, key: str) -> None:
    name = slug(st.session_state.get(key, ""))
    if not name:
        st.session_state[_SAID] = "A voice needs a name of letters or digits. Next: give it one."
    elif name in presets.names():
        st.session_state[_SAID] = f"There is a model named {name} already. Next: choose another name."
    else:
        try:
            presets.unpack(model.read(), name)
        except StudioError as error:
            st.session_state[_SAID] = str(error)
            return
        write_with(name)


def write_with(name: str) -> None:
    """Chooses a voice and opens the writing part. Call it from a callback."""
    st.session_state[KEY] = name
    st.session_state["do"] = "write"

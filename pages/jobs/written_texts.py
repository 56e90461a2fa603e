"""A written text: read, with the model's negative log-likelihood or without, and what can be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms
from pages.jobs import navigation
from pages.widgets import browser_history, owners, words
from pages.widgets.marked_text import marked_text
from studio.core.errors import StudioError
from studio.core.recipes import Recipe
from studio.core.tasks import File
from studio.text.settings import WriteSettings

MOST_BEGUN = 10_000  # characters that a beginning may have
ASKED = "write_asked"
_BASE, _ADDRESS = "written_before", "before"  # in the session the text, in the address its digest


@dataclass(frozen=True)
class Text:
    """A written text: its beginning and the rest, and what there is to say of it."""

    settings: WriteSettings
    data: bytes
    figures: Mapping[str, Any]
    recipe: Recipe | None
    stopped: bool

    @property
    def whole(self) -> str:
        """The text with its beginning."""
        return self.data.decode("utf-8", "replace")

    @property
    def written(self) -> str:
        """The text without its beginning."""
        return self.whole[len(self.settings.prompt) :]


def base() -> str:
    """The text that is written on from, which the address names so that a reload has it; "" for none."""
    told = st.query_params.get(_ADDRESS, "")
    arrived = navigation.came_from_elsewhere() and not browser_history.is_back_or_forward()
    if ASKED in st.session_state or (not told and arrived):
        text = st.session_state.get(_BASE, "")
        if text:
            kept = File.keep(text.encode(), "text", "before.txt")
            st.query_params[_ADDRESS] = kept.digest
    else:
        text = st.session_state[_BASE] = _kept(owners.mine(told)) if told else ""
    return text


def write_on_from(text: str) -> None:
    """Makes this the text that is written on from; "" begins again."""
    st.session_state[_BASE] = text
    st.query_params.pop(_ADDRESS, None)


def _kept(digest: str) -> str:
    with suppress(StudioError, OSError, UnicodeDecodeError):  # removed since, somebody else's, or no text
        return File(digest, "text", "before.txt").read().decode()[:MOST_BEGUN]
    return ""


def read(text: Text) -> None:
    """The text itself, what became of its beginning, and how surprised the model was."""
    marked = st.toggle(
        "Negative log-likelihood",
        key="nll",
        bind="query-params",
        help="Colors each character by its negative log-likelihood: the less expected, the stronger",
    )
    nats = text.figures.get("nats", ()) if marked else ()
    marked_text(text.written, before=text.settings.prompt, nats=nats)
    told = [f"{len(text.written):,} characters"]
    if text.stopped:
        told.append("stopped early")
    if text.written and text.figures.get("nats_per_char"):
        told.append(f"{text.figures['nats_per_char']:.2f} nats of negative log-likelihood per character")
    if marked and len(nats) < len(text.written):
        told.append(f"the first {len(nats):,} are marked")
    st.caption(" · ".join(told))
    for note in text.figures.get("notes", ()):
        st.caption(f":material/info: {words.plain(note)}")


def go_on(text: Text) -> None:
    """Buttons that make another text of this one."""
    room = 0 < len(text.whole) <= MOST_BEGUN
    st.button(
        "Write on",
        icon=":material/arrow_forward:",
        help=f"Continues this text; the model reads up to {MOST_BEGUN:,} characters of it",
        disabled=not room,
        on_click=_write_on,
        args=(text,),
    )
    another: dict[str, Any] = {"on_click": _another, "args": (text.settings,)}
    st.button(
        "Make again",
        icon=":material/refresh:",
        help="Generate again with the same settings and another seed",
        **another,
    )
    same: dict[str, Any] = {"on_click": _ask, "args": (text.settings,)}
    help = f"Generate again with seed {text.settings.seed}, which gives the same text"
    st.button("Same seed", icon=":material/replay:", help=help, **same)


def _ask(settings: WriteSettings) -> None:
    """Asks for a text, and puts its settings into the form, for that is what the address has of it."""
    st.session_state[ASKED] = settings
    forms.prefill(settings)
    st.session_state["preset"], st.session_state["stop"] = settings.preset, settings.stop
    if not settings.prompt or settings.prompt != st.session_state.get(_BASE, ""):
        write_on_from("")
        st.session_state["prompt"] = settings.prompt


def _write_on(text: Text) -> None:
    write_on_from(text.whole)
    _ask(text.settings.model_copy(update={"prompt": text.whole}))


def _another(settings: WriteSettings) -> None:
    forms.roll()
    _ask(settings.model_copy(update={"seed": st.session_state["seed"]}))

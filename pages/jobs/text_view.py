"""Shows a generated text, optionally with its negative log-likelihood, and its actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms, input_store, seeds
from pages.jobs import results
from pages.widgets.copy_button import show_copy_text_button
from pages.widgets.marked_text import show_marked_text
from studio.core.recipes import Recipe
from studio.text.settings import WriteSettings

MAX_PROMPT = 10_000  # characters
REQUEST_KEY = "write_request"
_BASE_KEY = "before"  # the text to continue, in the session and in the address


@dataclass(frozen=True)
class Text:
    """A generated text, UTF-8, that begins with its prompt."""

    settings: WriteSettings
    data: bytes
    figures: Mapping[str, Any]
    recipe: Recipe | None
    stopped: bool

    @property
    def text(self) -> str:
        """Returns the text with its prompt."""
        return self.data.decode("utf-8", "replace")

    @property
    def continuation(self) -> str:
        """Returns the text without its prompt."""
        return self.text[len(self.settings.prompt) :]


def restore_base() -> str:
    """Returns the text to continue, which the address names so that a reload restores it; "" for none."""
    text = input_store.restore(_BASE_KEY, lambda value: value[:MAX_PROMPT] if isinstance(value, str) else "")
    input_store.store(_BASE_KEY, text)
    return text


def set_base(text: str) -> None:
    """Sets the text to continue; "" starts a new one."""
    st.session_state[_BASE_KEY] = text


def show(text: Text) -> None:
    """Shows a text, its facts, and on demand its negative log-likelihood per character."""
    show_likelihood = st.toggle(
        "Negative log-likelihood",
        key="nll",
        bind="query-params",
        help="Colors each character by its negative log-likelihood; less probable characters get a stronger "
        "color",
    )
    nats = text.figures.get("nats", ()) if show_likelihood else ()
    show_marked_text(text.continuation, before=text.settings.prompt, nats=nats)
    facts = [f"{len(text.continuation):,} characters"]
    if text.stopped:
        facts.append("stopped early")
    if text.continuation and text.figures.get("nats_per_char"):
        facts.append(f"{text.figures['nats_per_char']:.2f} nats of negative log-likelihood per character")
    if show_likelihood and len(nats) < len(text.continuation):
        facts.append(f"the first {len(nats):,} are marked")
    st.caption(" · ".join(facts))
    results.show_notes(text.figures.get("notes", ()))


def show_actions(text: Text) -> None:
    """Draws the buttons that copy, continue or regenerate a text."""
    show_copy_text_button(text.text, key="copy_text")
    can_continue = 0 < len(text.text) <= MAX_PROMPT
    st.button(
        "Write on",
        icon=":material/arrow_forward:",
        help=f"Continues this text, which can have up to {MAX_PROMPT:,} characters",
        disabled=not can_continue,
        on_click=_continue_text,
        args=(text,),
    )
    st.button(
        "Make again",
        icon=":material/refresh:",
        help="Generate again with the same settings and another seed",
        on_click=_request_with_new_seed,
        args=(text.settings,),
    )
    help = f"Generate again with seed {text.settings.seed}, which gives the same text"
    st.button("Same seed", icon=":material/replay:", help=help, on_click=_request_text, args=(text.settings,))


def _request_text(settings: WriteSettings) -> None:
    """Requests a text, and fills the form with its settings, which the address keeps."""
    st.session_state[REQUEST_KEY] = settings
    is_kept = seeds.is_kept()
    forms.prefill(settings)
    if not is_kept:  # this request names its seed, but the next one may draw another
        seeds.reset("random")
    st.session_state["preset"], st.session_state["stop"] = settings.preset, settings.stop
    if not settings.prompt or settings.prompt != st.session_state.get(_BASE_KEY, ""):
        set_base("")
        st.session_state["prompt"] = settings.prompt


def _continue_text(text: Text) -> None:
    set_base(text.text)
    _request_text(text.settings.model_copy(update={"prompt": text.text}))


def _request_with_new_seed(settings: WriteSettings) -> None:
    seeds.set_random_seed()
    _request_text(settings.model_copy(update={"seed": st.session_state["seed"]}))

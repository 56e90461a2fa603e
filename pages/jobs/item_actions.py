"""Actions for an item of the gallery: make it again, vary it, use it as an input, keep its model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.jobs import model_saving, results, starting, sweep_form, text_view, use_again
from pages.jobs.navigation import Page, go_to, page_of, page_of_models
from pages.widgets import keys, words
from studio import engine
from studio.core import tasks
from studio.core.models import presets
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.gallery.sweep_settings import NAME


def start(task: str, settings: Settings, inputs: Inputs, recipe: Recipe | None = None) -> None:
    """Starts a job and opens it on its page, or shows an error. Do not call it from a callback.

    Args:
        task: name of the task.
        settings: settings of the task.
        inputs: its input files by slot.
        recipe: recipe whose weights the job must use, to repeat its result.
    """
    missing = [
        words.escape(file.name) for files in inputs.values() for file in files if not file.is_available
    ]
    if missing:
        st.error(
            f"The input {' and '.join(missing)} is no longer here. Choose it again on the page that made the "
            "result.",
            icon=":material/error:",
        )
        return

    def open_page(job: engine.Job) -> None:
        page = page_of(task, settings.model_dump())
        if page.capability:
            go_to(page.file, job=job.id)
        st.toast("Started. See its progress under Jobs in the sidebar.")

    starting.start(task, settings, inputs, recipe, open_page)


def show_actions(
    task: str, settings: Settings, inputs: Inputs, recipe: Recipe | None = None, *, key: str
) -> None:
    """Draws the buttons that make a result again, as it was or with changed settings.

    Args:
        task: of the result.
        settings: of the result.
        inputs: of the result.
        recipe: of the result, if it has one.
        key: of the buttons.
    """
    if st.button("Make again", icon=":material/refresh:", key=keys.part(key, "again")):
        start(task, settings, inputs, recipe)
    results.show_variants(settings, lambda variant: start(task, variant, inputs), key=key)
    sweep_form.ask(task, settings, lambda plan: start(NAME, plan, inputs), key=key)


def show_uses(file: File, *, key: str) -> None:
    """Draws a button or menu that uses a result as an input of a page; nothing if no page takes it."""
    if file.kind == "text":
        if st.button("Write on", icon=":material/arrow_forward:", key=keys.part(key, "on")):
            _continue_text(file)
        return
    if file.kind == "image":
        use_again.show_menu(lambda: file, key=key)


def _continue_text(file: File) -> None:
    text = file.read().decode("utf-8", "replace")
    if not 0 < len(text) <= text_view.MAX_PROMPT:
        st.error(
            f"A text to continue can have up to {text_view.MAX_PROMPT:,} characters. Copy its end into "
            "Beginning on the Text page.",
            icon=":material/error:",
        )
        return
    text_view.set_base(text)
    st.session_state["do"] = "write"
    go_to("generate_text.py")


def keep_model(file: File) -> None:
    """Asks for a name and saves a trained model under it, so that its page offers it."""
    model_saving.ask_name_and_save(file, _describe_saved)


def _describe_saved(name: str) -> str:
    page = page_of_models(tasks.get(presets.find(name).task))
    return f"choose it on the page {page.title}"


def page_of_results(task: str, settings: Mapping[str, Any] = MappingProxyType({})) -> Page | None:
    """Returns the page that shows the results of a task; None if that is the gallery.

    Args:
        task: of the results.
        settings: of the job, see `page_of`.
    """
    page = page_of(task, settings)
    return page if page.capability not in ("", "gallery") else None

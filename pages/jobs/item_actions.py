"""Where an item of the gallery continues: made again, varied, used as an input of something else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.jobs import kept_models, results, starting, sweep_form, use_again, written_texts
from pages.jobs.navigation import Place, go_to, place_of, place_of_models
from pages.widgets import keys, words
from studio import engine
from studio.core import tasks
from studio.core.models import presets
from studio.core.recipes import Recipe
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.gallery.sweep_settings import NAME


def begin(task: str, settings: Settings, inputs: Inputs, made: Recipe | None = None) -> None:
    """Starts a job and opens it on its page, or says why it cannot start. Not for callbacks.

    Args:
        made: the recipe of what is made again, whose very weights are used.
    """
    lost = [words.plain(file.name) for file in _files(inputs) if not file.here]
    if lost:
        st.error(
            f"The input {' and '.join(lost)} is no longer here. Choose it again on the page that made the "
            "result.",
            icon=":material/error:",
        )
        return

    def then(job: engine.Job) -> None:
        place = place_of(task, settings.model_dump())
        if place.capability:
            go_to(place.file, job=job.id)
        st.toast("Started. See its progress under Jobs in the sidebar.")

    starting.start(task, settings, inputs, made, then)


def _files(inputs: Mapping[str, Sequence[File]]) -> Iterator[File]:
    for files in inputs.values():
        yield from files


def actions(task: str, settings: Settings, inputs: Inputs, made: Recipe | None = None, *, key: str) -> None:
    """The buttons that make it again, as it was or with one setting changed.

    Args:
        made: its recipe.
    """
    if st.button("Make again", icon=":material/refresh:", key=keys.part(key, "again")):
        begin(task, settings, inputs, made)
    if results.variants(settings):
        results.vary(settings, lambda changed: begin(task, changed, inputs), key=key)
    sweep_form.ask(task, settings, lambda plan: begin(NAME, plan, inputs), key=key)


def use_as(file: File, *, key: str) -> None:
    """A menu of the places where a result can be an input; nothing for a kind that has none."""
    if file.kind == "text":
        if st.button("Write on", icon=":material/arrow_forward:", key=keys.part(key, "on")):
            _write_on(file)
        return
    if file.kind == "image":
        use_again.menu(lambda: file, key=key)


def _write_on(file: File) -> None:
    text = file.read().decode("utf-8", "replace")
    if not 0 < len(text) <= written_texts.MOST_BEGUN:
        st.error(
            f"A text to continue can have up to {written_texts.MOST_BEGUN:,} characters. Copy its end into "
            "Beginning on the Text page.",
            icon=":material/error:",
        )
        return
    written_texts.write_on_from(text)
    st.session_state["do"] = "write"
    go_to("generate_text.py")


def keep_model(file: File) -> None:
    """Asks for a name under which a trained model can then be chosen on its page."""
    kept_models.keep(file, _where_to_choose)


def _where_to_choose(name: str) -> str:
    place = place_of_models(tasks.get(presets.find(name).task))
    return f"choose it on the page {place.title}"


def page_of_results(task: str, settings: Mapping[str, Any] = MappingProxyType({})) -> Place | None:
    """The page where a task's results are shown with all that belongs to them, if it is not the gallery.

    Args:
        settings: of the job, see `place_of`.
    """
    place = place_of(task, settings)
    return place if place.capability not in ("", "gallery") else None

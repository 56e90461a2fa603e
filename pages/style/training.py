"""A style training run on the page: its progress, then results of its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from pages.form import forms, samples
from pages.jobs import jobs, live, results, trainings
from pages.jobs.trainings import Chart, View
from pages.style import halves
from pages.style.training_form import TASK, TrainingRequest
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs
from studio.style.settings import TransferSettings

PAINTED = 512  # px
_GROWING = "Held-out photos, each with its current result below"
_CHARTS = (
    Chart(
        {"style": "training", "validation style": "validation"},
        "Style loss. The validation loss is measured on held-out photos.",
        zero=True,
    ),
    Chart(
        {"content": "training", "validation content": "validation"},
        "Content loss; a stronger style raises it.",
    ),
)


def show(request: TrainingRequest) -> engine.Job | None:
    """Draws the training run of the address, or the last of this tab; returns None if there is none.

    Args:
        request: the current form; a finished training run is hidden when the form changes.
    """
    job = jobs.find((TASK,), request.identity)
    if job is not None:
        jobs.show_training_data(job, _files(request))
        trainings.show(job, View(_GROWING, _CHARTS, _painting, in_words, _keep_message, _paint_with))
    return job


def is_of(job: engine.Job | None, request: TrainingRequest) -> bool:
    """Returns whether a training run has the photos and paintings of a request."""
    if job is None or request.source is None or request.settings is None:
        return False
    inputs = {"data": [request.source.file], "style": _files(request)}
    return all(
        {file.digest for file in files} == {file.digest for file in job.inputs.get(slot, ())}
        for slot, files in inputs.items()
    )


def _files(request: TrainingRequest) -> list[File]:
    """Returns the paintings of a request; none if one is gone, which `before_training` reports."""
    try:
        return [painting.file() for painting in request.paintings]
    except StudioError:
        return []


def start(request: TrainingRequest) -> None:
    """Starts the training run, or shows why it cannot start. Call it where `jobs.start` may be called."""
    try:
        inputs = request.inputs()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if request.settings is not None:
        jobs.start(TASK, request.settings, inputs)


def _painting(job: engine.Job, model: File) -> None:
    """Draws a sample photo in one of the trained styles."""
    styles = results.of_job(job).figures["taught"]
    titles = {name: _title(name) for name in styles}
    name = forms.one_of("Style", titles, key=f"seen_{job.id}") if len(styles) > 1 else styles[0]
    photo = samples.photos()[0]
    image = _stylize(name, {"content": [photo.file()], "network": [model]})
    if image:
        caption = f"{photo.title} in {titles[name]}"
        results.compare(photo.file(), image, key="result", caption=caption)
    else:
        results.show_result(model, None, key="result", caption="Photos and their results")


def _stylize(style: str, inputs: Inputs) -> bytes:
    """Returns a sample result, computed once per tab; empty if the engine is not ready or it fails."""
    settings = TransferSettings(house=(style,), size=PAINTED)
    key = f"painted_by:{inputs['network'][0].digest}:{style}"
    if key not in st.session_state and engine.connect().status() == "ready":
        try:
            image = engine.connect().live("style.transfer", settings, inputs, live.session(), owner())
        except StudioError:
            return b""
        st.session_state[key] = image.data
    return st.session_state.get(key, b"")


def in_words(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Yields the outcome of a training run, one line of Markdown each."""
    names = ", ".join(map(_title, figures["taught"]))
    photos = f"{figures['photos']:,} photos"
    yield f"**{names}.** {trainings.training_summary(photos, figures, settings)}"
    yield from trainings.stop_reason(figures)
    if figures["styles"] > len(figures["taught"]):
        yield f"The network knows {figures['styles']:,} styles now."


def _title(name: str) -> str:
    return words.plain(name.replace("_", " ").capitalize())


def _keep_message(_name: str) -> str:
    return "its styles are now among the paintings"


def _paint_with(name: str, _model: File) -> None:
    titles = [style.title for style in samples.trained_styles() if style.network == name]
    if titles:
        label, icon = f"Paint with {words.plain(name)}", ":material/brush:"
        st.button(label, icon=icon, type="primary", on_click=halves.paint_with, args=(titles[0],))

"""A style training run on the page: its progress, then results of its network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.form import forms, samples
from pages.jobs import jobs, live, recent, results, training_runs
from pages.jobs.training_runs import Chart, View
from pages.style import before_training, halves, under_the_hood
from pages.style.training_form import TASK, TrainingRequest
from pages.widgets import page_errors, words
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.style.settings import TransferSettings

SAMPLE_SIZE = 512  # px
_PREVIEW_CAPTION = "Held-out photos, each with its current result below"
_CHARTS = (
    Chart(
        {"style": "training", "validation style": "validation"},
        "Style loss. The validation loss is measured on held-out photos.",
        include_zero=True,
    ),
    Chart(
        {"content": "training", "validation content": "validation"},
        "Content loss; a stronger style raises it.",
    ),
)


def show_half(request: TrainingRequest, form_area: DeltaGenerator, stage: DeltaGenerator) -> None:
    """Draws all of **Train styles** but its form: the training run or the training data, and *Train*.

    Args:
        request: the current form.
        form_area: container of the form.
        stage: container of the training run.
    """
    with stage:
        job = _show_job(request)
        is_ready = _is_trained_on(job, request) or before_training.show(request)
    with form_area:
        if forms.show_start_button(":material/school:", "Train", is_ready):
            with stage:
                _start(request)
    recent.show_recent(TASK)
    under_the_hood.explain_training(job)


def _show_job(request: TrainingRequest) -> engine.Job | None:
    """Draws the training run of the address, or the last of this tab; returns None if there is none.

    Args:
        request: the current form; a finished training run is hidden when the form changes.
    """
    job = jobs.find_job((TASK,), request.identity)
    if job is not None:
        jobs.show_training_data(job, _list_paintings(request))
        training_runs.show(
            job,
            View(
                _PREVIEW_CAPTION, _CHARTS, _show_sample, describe_outcome, _describe_saved, _draw_paint_button
            ),
        )
    return job


def _is_trained_on(job: engine.Job | None, request: TrainingRequest) -> bool:
    """Returns whether a training run has the photos and paintings of a request."""
    if job is None or request.source is None or request.settings is None:
        return False
    inputs = {"data": [request.source.file], "style": _list_paintings(request)}
    return all(
        {file.digest for file in files} == {file.digest for file in job.inputs.get(slot, ())}
        for slot, files in inputs.items()
    )


def _list_paintings(request: TrainingRequest) -> list[File]:
    """Returns the paintings of a request; none if one is gone, which `before_training` reports."""
    try:
        return [painting.get_file() for painting in request.paintings]
    except StudioError:
        return []


def _start(request: TrainingRequest) -> None:
    """Starts the training run, or shows why it cannot start. Call it where `jobs.start` may be called."""
    try:
        inputs = request.build_inputs()
    except StudioError as error:
        page_errors.show_error(error)
        return
    if request.settings is not None:
        jobs.start(TASK, request.settings, inputs)


def _show_sample(job: engine.Job, model: File) -> None:
    """Draws a sample photo in one of the trained styles."""
    styles = results.result_of(job).figures["trained_styles"]
    titles = {name: _style_title(name) for name in styles}
    name = forms.ask_choice("Style", titles, key=f"seen_{job.id}") if len(styles) > 1 else styles[0]
    photo = samples.list_photos()[0]
    image = live.make_sample(
        f"painted_by:{model.digest}:{name}",
        "style.transfer",
        TransferSettings(house=(name,), size=SAMPLE_SIZE),
        {"content": [photo.get_file()], "network": [model]},
    )
    if image:
        caption = f"{photo.title} in {titles[name]}"
        results.show_comparison(photo.get_file(), image, key="result", caption=caption)
    else:
        results.show_result(model, None, key="result", caption="Photos and their results")


def describe_outcome(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Yields the outcome of a training run, one line of Markdown each."""
    names = ", ".join(map(_style_title, figures["trained_styles"]))
    photos = f"{figures['photos']:,} photos"
    yield f"**{names}.** {training_runs.describe_training(photos, figures, settings)}"
    yield from training_runs.describe_stop(figures)
    if figures["styles"] > len(figures["trained_styles"]):
        yield f"The network knows {figures['styles']:,} styles now."


def _style_title(name: str) -> str:
    return words.escape(name.replace("_", " ").capitalize())


def _describe_saved(_name: str) -> str:
    return "its styles are now among the paintings"


def _draw_paint_button(name: str, _model: File) -> None:
    titles = [style.title for style in samples.list_trained_styles() if style.network == name]
    if titles:
        label, icon = f"Paint with {words.escape(name)}", ":material/brush:"
        st.button(label, icon=icon, type="primary", on_click=halves.paint_with, args=(titles[0],))

"""Shows a training run: images and curves while it trains, then the model and its actions.

A page describes its own parts in a `View`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.jobs import jobs, model_saving, results
from pages.widgets import curves, words
from studio import engine
from studio.core import amounts, tasks
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.core.training import checkpoints


@dataclass(frozen=True)
class Chart:
    """Curves that share a scale.

    Attributes:
        figures: title by name of the metric in the reports.
        caption: explains the curves.
        include_zero: whether the scale includes 0.
    """

    figures: Mapping[str, str]
    caption: str
    include_zero: bool = False


@dataclass(frozen=True)
class View:
    """The parts of a page that differ between training tasks.

    Attributes:
        preview_caption: of the preview during training.
        charts: of the reports.
        show_result: shows samples of the trained model.
        describe: returns lines of Markdown about the training, from its figures and settings.
        describe_saved: returns what the user can do with a saved model, in a few words, from its name.
        show_links: draws links for a model that was saved in this tab, from its name and file.
        show_below: draws more below the buttons of a trained model.
    """

    preview_caption: str
    charts: Sequence[Chart]
    show_result: Callable[[engine.Job, File], None]
    describe: Callable[[Mapping[str, Any], Settings], Iterator[str]]
    describe_saved: Callable[[str], str]
    show_links: Callable[[str, File], None]
    show_below: Callable[[File], None] = lambda _: None


def show(job: engine.Job, view: View) -> None:
    """Shows a training run: running, interrupted, or finished with its model."""
    settings = tasks.get(job.task).settings.parse(job.settings)
    if not job.finished:
        jobs.watch(job, lambda current: _show_progress(current, view.preview_caption))
        with jobs.create_details():
            jobs.watch_history(job.id, lambda current: show_charts(current.history, view.charts))
    elif job.result is None:
        _show_unfinished(job, settings)
        show_charts(job.history, view.charts)
    else:
        _show_finished(job, settings, view)


def _show_progress(job: engine.Job, caption: str) -> None:
    with jobs.show_running(job, caption):
        st.caption(
            "You can leave this page; training continues. If the studio stops, you can resume and lose at "
            "most a minute."
        )


def show_charts(history: Sequence[Mapping[str, float]], charts: Sequence[Chart]) -> None:
    """Draws the curves of a training run from its reports."""
    for chart in charts:
        rows = curves.list_rows(history, chart.figures)
        curves.show_lines(rows, include_zero=chart.include_zero, caption=chart.caption)


def _show_unfinished(job: engine.Job, settings: Settings) -> None:
    """Shows a training run without a result, and offers to continue from its last checkpoint, if any."""
    step = checkpoints.find_run(job.task, settings, job.inputs).step
    if step and job.state == "interrupted":
        message = f"Training was interrupted. Continue from step {step:,}; at most the last minute is lost."
        jobs.show_failure(job, settings, "Continue", message)
    else:
        jobs.show_failure(job, settings, "Continue" if step else "Run again")


def _show_finished(job: engine.Job, settings: Settings, view: View) -> None:
    file, figures = results.result_of(job).files[0], results.result_of(job).figures
    view.show_result(job, file)
    for line in view.describe(figures, settings):
        st.markdown(line)
    for note in figures.get("notes", ()):
        st.markdown(f":small[:material/info: {words.escape(note)}]")
    model_saving.ask_name_and_save(file, lambda name: _note_saved_name(file, name, view))
    if name := st.session_state.get(_saved_name_key(file)):
        view.show_links(name, file)

    def show_continue_button() -> None:
        help = f"Resume from step {figures['steps']:,}, where training stopped"
        if st.button("Continue", icon=":material/play_arrow:", help=help):
            jobs.start(job.task, settings, job.inputs, results.result_of(job).recipe)

    can_continue = results.result_of(job).stopped_early and figures["steps"] < settings.model_dump()["steps"]
    jobs.show_model_actions(job, settings, show_continue_button if can_continue else None)
    view.show_below(file)
    show_charts(curves.list_reports(figures.get("curve") or {}), view.charts)
    results.show_recipe(job.task, settings, job.inputs, results.result_of(job).recipe)


def describe_training(data_text: str, figures: Mapping[str, Any], settings: Settings) -> str:
    """Returns a sentence about what a model was trained on, e.g. "1,000 images", and for how long."""
    duration = amounts.format_duration(max(1, figures["seconds"]))
    steps = settings.model_dump()["steps"]
    return f"Trained on {data_text} for {figures['steps']:,} of {steps:,} steps, in {duration}."


def describe_stop(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yields why training ended early, if the user stopped it or the loss diverged."""
    if figures.get("ended") == "cancelled":
        yield "Training was stopped early. You can keep the model as it is, or resume training."
    elif figures.get("ended") == "nan":
        yield "Training stopped because the loss diverged. This is the best checkpoint."


def _saved_name_key(model: File) -> str:
    return f"kept_as:{model.digest}"


def _note_saved_name(model: File, name: str, view: View) -> str:
    st.session_state[_saved_name_key(model)] = name
    return view.describe_saved(name)

"""A training run that a user watches: its images and curves while it learns, then the model to be kept.

What is a page's own it says in a `View`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.jobs import jobs, kept_models, results
from pages.widgets import curves, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import amounts, tasks
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.core.training import checkpoints

MOST_POINTS = 300


@dataclass(frozen=True)
class Chart:
    """Curves that have one scale.

    Attributes:
        figures: of the reports, each in words.
        told: what they say.
        zero: whether the scale begins at 0.
    """

    figures: Mapping[str, str]
    told: str
    zero: bool = False


@dataclass(frozen=True)
class View:
    """What a page has for its own training runs.

    Attributes:
        growing: what the images are that grow, in words.
        charts: what is drawn of the reports.
        made: shows what a trained model makes.
        told: says what became of it: the figures and the settings -> lines of Markdown.
        kept: called with the name of a kept model; gives what a user can do with it, in a few words.
        leads: draws the way on to a model that was kept in this tab, by its name.
        below: draws what belongs below the buttons of a trained model.
    """

    growing: str
    charts: Sequence[Chart]
    made: Callable[[engine.Job, File], None]
    told: Callable[[Mapping[str, Any], Settings], Iterator[str]]
    kept: Callable[[str], str]
    leads: Callable[[str, File], None]
    below: Callable[[File], None] = lambda model: None


def show(job: engine.Job, view: View) -> None:
    """Draws a training run: while it learns, when it was broken off, or with its model."""
    settings = tasks.get(job.task).settings.parse(job.settings)
    if not job.finished:
        _watch(job.id, view.growing)
        _curves(job.id, view.charts)
    elif job.result is None:
        _broken_off(job, settings)
        draw(job.history, view.charts)
    else:
        _ended(job, settings, view)


@st.fragment(run_every=jobs.WATCH_SECONDS)
def _watch(name: str, growing: str) -> None:
    job = engine.connect().job(name, owner())
    if job.finished:
        st.rerun()
    with jobs.working(job, growing):
        st.caption(
            "You can leave this page; training continues. If the studio stops, you can resume and lose at "
            "most a minute."
        )


@st.fragment(run_every=jobs.CURVE_SECONDS)
def _curves(name: str, charts: Sequence[Chart]) -> None:
    draw(engine.connect().job(name, owner()).history, charts)


def draw(history: Sequence[Mapping[str, float]], charts: Sequence[Chart]) -> None:
    """The curves of a training run, from what it reported or from its tests."""
    every = max(1, len(history) // MOST_POINTS)
    for chart in charts:
        rows = [
            {"step": moment["step"], "which": title, "value": moment[name]}
            for moment in history[::every]
            for name, title in chart.figures.items()
            if moment.get(name) is not None
        ]
        if len({row["step"] for row in rows}) > 1:
            curves.named(rows, zero=chart.zero)
            st.caption(chart.told)


def _broken_off(job: engine.Job, settings: Settings) -> None:
    """A training without a result: it continues from its last checkpoint, if it came so far."""
    done = checkpoints.find(job.task, settings, job.inputs).step
    if done and job.state == "interrupted":
        told = f"Training was interrupted. Continue from step {done:,}; at most the last minute is lost."
        jobs.failed(job, settings, "Continue", told)
    else:
        jobs.failed(job, settings, "Continue" if done else "Run again")


def _ended(job: engine.Job, settings: Settings, view: View) -> None:
    file, figures = results.of_job(job).files[0], results.of_job(job).figures
    view.made(job, file)
    for line in view.told(figures, settings):
        st.markdown(line)
    for note in figures.get("notes", ()):
        st.markdown(f":small[:material/info: {words.plain(note)}]")
    kept_models.keep(file, lambda name: _keep(file, name, view))
    if name := st.session_state.get(_kept_as(file)):
        view.leads(name, file)
    with st.container(horizontal=True):
        if results.of_job(job).stopped_early and figures["steps"] < settings.model_dump()["steps"]:
            help = f"Resume from step {figures['steps']:,}, where training stopped"
            if st.button("Continue", icon=":material/play_arrow:", help=help):
                jobs.start(job.task, settings, job.inputs, results.of_job(job).recipe)
        elif st.button(
            "Make again",
            icon=":material/refresh:",
            help="Train again with the same images, settings and seed",
        ):
            jobs.start(job.task, settings, job.inputs, results.of_job(job).recipe)
        results.download_file(file, job.task, key=job.id, made=results.of_job(job).recipe)
        jobs.close_button(job.task)
    view.below(file)
    draw(list(reports_of(figures.get("curve") or {})), view.charts)
    results.recipe(job.task, settings, job.inputs, results.of_job(job).recipe)


def learned(what: str, figures: Mapping[str, Any], settings: Settings) -> str:
    """`"1,000 images"` -> how long it learned from them, as one sentence."""
    took = amounts.duration(max(1, figures["seconds"]))
    steps = settings.model_dump()["steps"]
    return f"Trained on {what} for {figures['steps']:,} of {steps:,} steps, in {took}."


def ended(figures: Mapping[str, Any]) -> Iterator[str]:
    """Why it ended early, if a user or its numbers ended it."""
    if figures.get("ended") == "cancelled":
        yield "Training was stopped early. You can keep the model as it is, or resume training."
    elif figures.get("ended") == "nan":
        yield "Training stopped because the loss diverged. This is the best checkpoint."


def reports_of(curve: Mapping[str, Sequence[float]]) -> Iterator[dict[str, float]]:
    """The curve that a training leaves as the reports would tell it."""
    for n, step in enumerate(curve.get("steps", ())):
        told = {name: values[n] for name, values in curve.items() if name != "steps" and n < len(values)}
        yield {"step": step, **told}


def _kept_as(model: File) -> str:
    return f"kept_as:{model.digest}"


def _keep(model: File, name: str, view: View) -> str:
    st.session_state[_kept_as(model)] = name
    return view.kept(name)

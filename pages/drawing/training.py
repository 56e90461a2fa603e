"""A training of a model that draws: its wall and its curves while it grows, then what it draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.drawing import wish
from pages.faces import duel, models
from pages.jobs import jobs, kept_models, live, results
from pages.widgets import browser_pictures, curves, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.core.training import checkpoints
from studio.faces.settings import FacesSettings

MOST_POINTS = 300
WALL = FacesSettings(n=36)
_DRAW = "faces.draw"
# What is drawn while it learns: figures of the reports, each in words; those of one chart have one scale.
_LOSSES = {"generator": "draws", "judge": "judges"}
_CHARTS = (
    (_LOSSES, "The losses of the two networks: neither should reach 0."),
    ({"reconstruction": "missed"}, "What is missed when a picture is drawn again, in nats a picture."),
    ({"validation": "not seen before"}, "The same, with what the numbers cost, on pictures it has not seen."),
    (
        {"diversity": "drawn pictures"},
        "How different its pictures are from each other: at 1 as different as real ones. Where this falls, "
        "they all become one (mode collapse), and the training goes back to before.",
    ),
    ({"kid": "KID"}, "How far its pictures are from real ones (KID): lower is closer."),
)
_SHOWN = {
    wish.TASKS["dcgan"]: "What it draws by now, always from the same numbers",
    wish.TASKS["vae"]: "Pictures it has not learnt from, the same as it draws them again, and new ones",
}


def find(chosen: File | None) -> engine.Job | None:
    """The training of the address, or the last of this tab; a finished one gives way to other pictures."""
    return jobs.find(tuple(wish.TASKS.values()), chosen and chosen.digest)


def learns_from(job: engine.Job, chosen: File) -> bool:
    """Whether a training is of these pictures."""
    return any(file.digest == chosen.digest for file in job.inputs.get("data", ()))


def show(job: engine.Job, chosen: File | None) -> None:
    """Draws a training.

    Args:
        chosen: the pictures that are chosen now, which need not be those of the job.
    """
    jobs.show_what_it_learns_from(job, chosen)
    settings = tasks.get(job.task).settings.parse(job.settings)
    if not job.finished:
        _watch(job.id)
        _curves(job.id)
    elif job.result is None:
        _broken_off(job, settings)
    else:
        _ended(job, settings)


@st.fragment(run_every=jobs.WATCH_SECONDS)
def _watch(name: str) -> None:
    job = engine.connect().job(name, owner())
    if job.finished:
        st.rerun()
    if job.preview:
        told = _SHOWN[job.task]
        st.image(job.preview, width="stretch", caption=told, alt=told)
    jobs.pill(job)
    jobs.progress(job)
    st.caption("You can leave this page; it goes on. If the studio stops, it can go on from a minute before.")


@st.fragment(run_every=jobs.CURVE_SECONDS)
def _curves(name: str) -> None:
    draw(engine.connect().job(name, owner()).history)


def draw(history: Sequence[Mapping[str, float]]) -> None:
    """The curves of a training, from what it reported or from its tests."""
    every = max(1, len(history) // MOST_POINTS)
    for figures, told in _CHARTS:
        rows = [
            {"step": moment["step"], "which": title, "value": moment[name]}
            for moment in history[::every]
            for name, title in figures.items()
            if moment.get(name) is not None
        ]
        if len({row["step"] for row in rows}) > 1:
            curves.named(rows, zero=figures is _LOSSES)
            st.caption(told)


def _broken_off(job: engine.Job, settings: Settings) -> None:
    """A training without a result: it goes on from its last checkpoint, if it came so far."""
    done = checkpoints.find(job.task, settings, job.inputs).step
    if done and job.state == "interrupted":
        told = f"It was broken off. Next: go on from step {done:,}; no more than the last minute is lost."
        jobs.failed(job, settings, "Go on", told)
    else:
        jobs.failed(job, settings, "Go on" if done else "Run again")
    draw(job.history)


def _ended(job: engine.Job, settings: Settings) -> None:
    file, figures = job.result.files[0], job.result.figures
    picture = _drawn_by(file)
    told = "New pictures that it draws"
    if picture:
        browser_pictures.image(picture, caption=told)
    else:
        results.show_result(file, None, key="result", caption=told)
    for line in in_words(figures, settings):
        st.markdown(line)
    kept_models.keep(file, lambda name: _kept(file, name))
    if name := st.session_state.get(_kept_as(file)):
        address = models.address(name)
        label = f"Open Faces with {words.plain(name)}"
        st.page_link("draw_faces.py", label=label, icon=":material/face:", query_params=address)
    with st.container(horizontal=True):
        if job.result.stopped_early and figures["steps"] < settings.steps:
            help = f"From step {figures['steps']:,}, where it was stopped"
            if st.button("Go on", icon=":material/play_arrow:", help=help):
                jobs.start(job.task, settings, job.inputs, job.result.recipe)
        elif st.button("Make again", icon=":material/refresh:", help="The same pictures, settings and seed"):
            jobs.start(job.task, settings, job.inputs, job.result.recipe)
        results.download_file(file, job.task, key=job.id, made=job.result.recipe)
        jobs.close_button(job.task)
    with st.expander("How it learnt to draw", icon=":material/timeline:"):
        _stages(file)
    draw(list(_tested(figures.get("curve") or {})))
    results.recipe(job.task, settings, job.inputs, job.result.recipe)


def _drawn_by(model: File) -> bytes:
    """A wall of a trained model, drawn once in this tab; empty where that is not possible now."""
    key = f"drawn_by:{model.digest}"
    if key not in st.session_state and engine.connect().status() == "ready":
        try:
            made = engine.connect().live(_DRAW, WALL, {"model": [model]}, live.session(), owner())
        except StudioError:
            return b""
        st.session_state[key] = made.data
    return st.session_state.get(key, b"")


def _stages(model: File) -> None:
    try:
        duel.show(presets.from_zip(model), f"stage_{model.digest[:8]}")
    except StudioError as error:
        st.caption(words.plain(str(error)))


def in_words(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """What became of it, one line each, as Markdown."""
    took = amounts.duration(max(1, figures["seconds"]))
    yield (
        f"It learnt from {figures['pictures']:,} pictures for {figures['steps']:,} of {settings.steps:,} "
        f"steps, in {took}."
    )
    if figures.get("ended") == "cancelled":
        yield "It was stopped early. It can be kept as it is, and it can go on."
    elif figures.get("ended") == "collapsed":
        yield "It ended early, for all its pictures became one again and again; this is the best until then."
    elif figures.get("ended") == "nan":
        yield "It ended early, for its numbers ran away; this is the best until then."
    if {"fid", "n"} <= figures.keys():
        yield f"**FID {figures['fid']:.0f}** with {figures['n']:,} pictures; lower is closer to real ones."
    for note in figures.get("notes", ()):
        yield f":small[:material/info: {words.plain(note)}]"


def _tested(curve: Mapping[str, Sequence[float]]) -> Iterator[dict[str, float]]:
    """The curve that a training leaves as the reports would tell it."""
    for n, step in enumerate(curve.get("steps", ())):
        told = {name: values[n] for name, values in curve.items() if name != "steps" and n < len(values)}
        yield {"step": step, **told}


def _kept_as(model: File) -> str:
    return f"kept_as:{model.digest}"


def _kept(model: File, name: str) -> str:
    st.session_state[_kept_as(model)] = name
    return "it is among the models on Faces"

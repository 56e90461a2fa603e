"""Training styles on the page: a training run of house styles while it runs, then what its network paints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from pages.form import forms, samples
from pages.jobs import jobs, live, results, trainings
from pages.jobs.trainings import Chart, View
from pages.style import halves
from pages.style.lesson import TASK, Lesson
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


def show(asked: Lesson) -> engine.Job | None:
    """Draws the training of the address, or the last of this tab; None when there is none.

    Args:
        asked: what would be trained now; a training run that has ended gives way to another one.
    """
    job = jobs.find((TASK,), asked.asked)
    if job is not None:
        jobs.show_what_it_learns_from(job, _files(asked))
        trainings.show(job, View(_GROWING, _CHARTS, _painting, in_words, _kept, _paint_with))
    return job


def is_of(job: engine.Job | None, asked: Lesson) -> bool:
    """Whether there is a training run, of the photos and the paintings that are chosen now."""
    if job is None or asked.source is None or asked.settings is None:
        return False
    chosen = {"data": [asked.source.file], "style": _files(asked)}
    return all(
        {file.digest for file in files} == {file.digest for file in job.inputs.get(slot, ())}
        for slot, files in chosen.items()
    )


def _files(asked: Lesson) -> list[File]:
    """The paintings that are chosen now; none where one is gone, which is said below."""
    try:
        return [painting.file() for painting in asked.paintings]
    except StudioError:
        return []


def start(asked: Lesson) -> None:
    """Starts the training, or says why it cannot start. Call it as `jobs.start`."""
    try:
        inputs = asked.inputs()
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if asked.settings is not None:
        jobs.start(TASK, asked.settings, inputs)


def _painting(job: engine.Job, model: File) -> None:
    """A sample photo, painted in each style that was trained."""
    taught = results.of_job(job).figures["taught"]
    titles = {name: _title(name) for name in taught}
    name = forms.one_of("Style", titles, key=f"seen_{job.id}") if len(taught) > 1 else taught[0]
    photo = samples.photos()[0]
    made = _made(name, {"content": [photo.file()], "network": [model]})
    if made:
        told = f"{photo.title} in {titles[name]}"
        results.compare(photo.file(), made, key="result", caption=told)
    else:
        results.show_result(model, None, key="result", caption="Photos and their results")


def _made(style: str, inputs: Inputs) -> bytes:
    """A painting, made once in this tab; empty where that is not possible now."""
    settings = TransferSettings(house=(style,), size=PAINTED)
    key = f"painted_by:{inputs['network'][0].digest}:{style}"
    if key not in st.session_state and engine.connect().status() == "ready":
        try:
            made = engine.connect().live("style.transfer", settings, inputs, live.session(), owner())
        except StudioError:
            return b""
        st.session_state[key] = made.data
    return st.session_state.get(key, b"")


def in_words(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """What became of it, one line each, as Markdown."""
    names = ", ".join(map(_title, figures["taught"]))
    photos = f"{figures['photos']:,} photos"
    yield f"**{names}.** {trainings.learned(photos, figures, settings)}"
    yield from trainings.ended(figures)
    if figures["styles"] > len(figures["taught"]):
        yield f"The network knows {figures['styles']:,} styles now."


def _title(name: str) -> str:
    return words.plain(name.replace("_", " ").capitalize())


def _kept(_name: str) -> str:
    return "its styles are now among the paintings"


def _paint_with(name: str, _model: File) -> None:
    titles = [style.title for style in samples.taught() if style.network == name]
    if titles:
        label, icon = f"Paint with {words.plain(name)}", ":material/brush:"
        st.button(label, icon=icon, type="primary", on_click=halves.paint_with, args=(titles[0],))

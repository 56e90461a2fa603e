"""A training of a model that draws: its wall and its curves while it grows, then what it draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from pages.drawing import wish
from pages.faces import duel, models
from pages.jobs import jobs, live, results, trainings
from pages.jobs.trainings import Chart, View
from pages.widgets import browser_pictures, words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.faces.settings import FacesSettings

WALL = FacesSettings(n=36)
_DRAW = "faces.draw"
_CHARTS = (
    Chart(
        {"generator": "draws", "judge": "judges"},
        "The losses of the two networks: neither should reach 0.",
        zero=True,
    ),
    Chart(
        {"reconstruction": "missed"},
        "The reconstruction loss, in nats per image. It can be negative: the density of a continuous pixel "
        "can exceed 1.",
    ),
    Chart(
        {"validation": "not seen before"},
        "The same, with what the numbers cost, on pictures it has not seen.",
    ),
    Chart(
        {"diversity": "drawn pictures"},
        "How different its pictures are from each other: at 1 as different as real ones. Where this falls, "
        "they all become one (mode collapse), and the training goes back to before.",
    ),
    Chart(
        {"augmentation": "chance of each change"},
        "How likely each picture is changed before it is judged (p of adaptive augmentation): it rises while "
        "held-out pictures look less real to the first judge than those that it learns from.",
        zero=True,
    ),
    Chart(
        {"kid": "KID", "training kid": "KID, training images"},
        "How far generated images are from real ones (KID): lower is closer. With fewer than 5,000 images, "
        "KID is measured on held-out images and selects the weights. Where only the KID of training images "
        "falls, the generator memorizes them.",
    ),
)
_GROWING = {
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
    jobs.show_what_it_learns_from(job, [chosen] if chosen else [])
    trainings.show(job, View(_GROWING[job.task], _CHARTS, _wall, in_words, _kept, _to_faces, _stages))


def _wall(_job: engine.Job, model: File) -> None:
    picture, told = _drawn_by(model), "New pictures that it draws"
    if picture:
        browser_pictures.image(picture, caption=told)
    else:
        results.show_result(model, None, key="result", caption=told)


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


def in_words(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """What became of it, one line each, as Markdown."""
    yield trainings.learnt(f"{figures['pictures']:,} pictures", figures, settings)
    if begun := figures.get("started_from"):
        yield f"Begun with: {words.plain(models.title(begun))}."
    yield from trainings.ended(figures)
    if figures.get("ended") == "collapsed":
        yield "It ended early, for all its pictures became one again and again; this is the best until then."
    if {"fid", "n"} <= figures.keys():
        yield f"**FID {figures['fid']:.0f}** with {figures['n']:,} pictures; lower is closer to real ones."


def _kept(_name: str) -> str:
    return "it is among the models on Faces"


def _to_faces(name: str, _model: File) -> None:
    label = f"Open Faces with {words.plain(name)}"
    st.page_link("draw_faces.py", label=label, icon=":material/face:", query_params=models.address(name))


def _stages(model: File) -> None:
    with st.expander("How it learnt to draw", icon=":material/timeline:"):
        try:
            duel.show(presets.from_zip(model), f"stage_{model.digest[:8]}")
        except StudioError as error:
            st.caption(words.plain(str(error)))

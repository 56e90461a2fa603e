"""A training run of a generator: its grid and curves during training, then images of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from pages.faces import duel, models
from pages.generator import wish
from pages.jobs import jobs, live, results, trainings
from pages.jobs.trainings import Chart, View
from pages.widgets import browser_images, words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.faces.settings import FacesSettings

GRID = FacesSettings(n=36)
_DRAW = "faces.draw"
_CHARTS = (
    Chart(
        {"generator": "generator", "discriminator": "discriminator"},
        "The losses of the generator and the discriminator. Neither should reach 0.",
        zero=True,
    ),
    Chart(
        {"reconstruction": "reconstruction loss"},
        "The reconstruction loss, in nats per image. It can be negative: the density of a continuous pixel "
        "can exceed 1.",
    ),
    Chart(
        {"validation": "validation loss"},
        "The validation loss: reconstruction loss plus weighted KL divergence, on held-out images.",
    ),
    Chart(
        {"diversity": "generated images"},
        "The diversity of generated images; real images have 1. A sharp drop is mode collapse: training "
        "rolls back to an earlier checkpoint.",
    ),
    Chart(
        {"augmentation": "probability"},
        "The augmentation probability (p of ADA). It rises while the first discriminator overfits, so that "
        "held-out images look less real to it than training images.",
        zero=True,
    ),
    Chart(
        {"kid": "KID", "training kid": "KID, training images"},
        "The distance of generated from real images (KID); lower is better. With fewer than 5,000 images, "
        "KID is measured on held-out images and selects the weights. If only the KID of training images "
        "falls, the generator memorizes them.",
    ),
)
_GROWING = {
    wish.TASKS["dcgan"]: "Images generated so far, always from the same latents",
    wish.TASKS["vae"]: "Held-out images, their reconstructions, and new images",
}


def find(chosen: File | None) -> engine.Job | None:
    """The training of the address, or the last of this tab; a finished one gives way to other images."""
    return jobs.find(tuple(wish.TASKS.values()), chosen and chosen.digest)


def learns_from(job: engine.Job, chosen: File) -> bool:
    """Whether a training run is of these images."""
    return any(file.digest == chosen.digest for file in job.inputs.get("data", ()))


def show(job: engine.Job, chosen: File | None) -> None:
    """Draws a training run.

    Args:
        chosen: the images that are chosen now, which need not be those of the job.
    """
    jobs.show_what_it_learns_from(job, [chosen] if chosen else [])
    trainings.show(job, View(_GROWING[job.task], _CHARTS, _grid, in_words, _kept, _to_faces, _stages))


def _grid(_job: engine.Job, model: File) -> None:
    image, told = _drawn_by(model), "New images from the model"
    if image:
        browser_images.image(image, caption=told)
    else:
        results.show_result(model, None, key="result", caption=told)


def _drawn_by(model: File) -> bytes:
    """A grid of a trained model, drawn once in this tab; empty where that is not possible now."""
    key = f"drawn_by:{model.digest}"
    if key not in st.session_state and engine.connect().status() == "ready":
        try:
            made = engine.connect().live(_DRAW, GRID, {"model": [model]}, live.session(), owner())
        except StudioError:
            return b""
        st.session_state[key] = made.data
    return st.session_state.get(key, b"")


def in_words(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """The outcome of a training run, one line each, as Markdown."""
    yield trainings.learned(f"{figures['images']:,} images", figures, settings)
    if begun := figures.get("started_from"):
        yield f"Fine-tuned from {words.plain(models.title(begun))}."
    yield from trainings.ended(figures)
    if figures.get("ended") == "collapsed":
        yield "Training stopped early because of repeated mode collapse. This is the best checkpoint."
    if {"fid", "n"} <= figures.keys():
        yield f"**FID {figures['fid']:.0f}** with {figures['n']:,} images; lower is better."


def _kept(_name: str) -> str:
    return "it is now listed on the page Faces"


def _to_faces(name: str, _model: File) -> None:
    label = f"Open Faces with {words.plain(name)}"
    st.page_link("generate_faces.py", label=label, icon=":material/face:", query_params=models.address(name))


def _stages(model: File) -> None:
    with st.expander("Training progress", icon=":material/timeline:"):
        try:
            duel.show(presets.from_zip(model), f"stage_{model.digest[:8]}")
        except StudioError as error:
            st.caption(words.plain(str(error)))

"""A training run of a generator: its grid and curves during training, then images of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from pages.faces import models, training_stages
from pages.generator import input_form
from pages.jobs import jobs, live, results, training_runs
from pages.jobs.training_runs import Chart, View
from pages.widgets import browser_images, words
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
        include_zero=True,
    ),
    Chart(
        {"reconstruction": "reconstruction loss"},
        "The reconstruction loss, in nats per image. It can be negative: the density of a continuous pixel "
        "can exceed 1.",
    ),
    Chart(
        {"loss": "training loss"},
        "The loss on training images: the squared error of the predicted velocity.",
    ),
    Chart(
        {"validation": "validation loss"},
        "The loss on held-out images; a VAE's is reconstruction loss plus weighted KL divergence. If it "
        "rises while the training loss falls, the generator memorizes its images.",
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
        include_zero=True,
    ),
    Chart(
        {"kid": "KID", "training kid": "KID, training images"},
        "The distance of generated from real images (KID); lower is better. With fewer than 5,000 images, "
        "KID is measured on held-out images and selects the weights. If only the KID of training images "
        "falls, the generator memorizes them.",
    ),
)
_PREVIEW_CAPTIONS = {
    input_form.TASKS["dcgan"]: "Images generated so far, always from the same latents",
    input_form.TASKS["vae"]: "Held-out images, their reconstructions, and new images",
    input_form.TASKS["diffusion"]: "Images generated so far, always from the same noise",
}


def find(file: File | None) -> engine.Job | None:
    """Returns the linked training job or the last of this tab; a finished one only for the same images."""
    return jobs.find_job(tuple(input_form.TASKS.values()), file and file.digest)


def is_trained_on(job: engine.Job, file: File) -> bool:
    """Returns whether a training job uses these images."""
    return any(other.digest == file.digest for other in job.inputs.get("data", ()))


def show(job: engine.Job, file: File | None) -> None:
    """Shows a training run.

    Args:
        job: to show.
        file: the currently selected images, which may differ from those of the job.
    """
    jobs.show_training_data(job, [file] if file else [])
    training_runs.show(
        job,
        View(
            _PREVIEW_CAPTIONS[job.task],
            _CHARTS,
            _show_grid,
            describe_outcome,
            _describe_saved,
            _link_to_faces,
            _show_stages,
        ),
    )


def _show_grid(_job: engine.Job, model: File) -> None:
    caption = "New images from the model"
    image = live.make_sample(f"drawn_by:{model.digest}", _DRAW, GRID, {"model": [model]})
    if image:
        browser_images.show_image(image, caption=caption)
    else:
        results.show_result(model, None, key="result", caption=caption)


def describe_outcome(figures: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Yields the outcome of a training run as lines of Markdown."""
    yield training_runs.describe_training(f"{figures['images']:,} images", figures, settings)
    if start_model := figures.get("started_from"):
        yield f"Fine-tuned from {words.escape(models.model_title(start_model))}."
    yield from training_runs.describe_stop(figures)
    if figures.get("ended") == "collapsed":
        yield "Training stopped early because of repeated mode collapse. This is the best checkpoint."
    if {"fid", "n"} <= figures.keys():
        yield f"**FID {figures['fid']:.0f}** with {figures['n']:,} images; {words.FID_NOTE}"


def _describe_saved(_name: str) -> str:
    return "it is now listed on the Faces page"


def _link_to_faces(name: str, _model: File) -> None:
    label = f"Open Faces with {words.escape(name)}"
    st.page_link(
        "generate_faces.py", label=label, icon=":material/face:", query_params=models.query_params_of(name)
    )


def _show_stages(model: File) -> None:
    with st.expander("Training progress", icon=":material/timeline:"):
        try:
            training_stages.show(presets.from_zip(model), f"stage_{model.digest[:8]}")
        except StudioError as error:
            st.caption(words.escape(str(error)))

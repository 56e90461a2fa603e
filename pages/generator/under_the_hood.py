"""Charts and texts under the hood of Train a generator: losses, curves and metrics."""

from __future__ import annotations

import streamlit as st

from pages.faces.under_the_hood import draw_training, read_generator_text
from pages.widgets import assets, curves, under_the_hood
from studio import engine
from studio.core.models import presets

_RECORDED = {"dcgan.train": "digits-dcgan", "vae.train": "digits-vae", "diffusion.train": "digits-diffusion"}


def explain(task: str, job: engine.Job | None) -> None:
    """Shows the expander.

    Args:
        task: name of the training task.
        job: the training job on the page, if any; its curves replace the recorded ones.
    """
    extra_texts = [assets.read(__file__, "vgg16_discriminator.md")] if task == "dcgan.train" else []
    texts = [read_generator_text(task), *extra_texts, assets.read(__file__, "under_the_hood.md")]
    under_the_hood.show_section(lambda: _draw_curves(task, job), *texts)


def _draw_curves(task: str, job: engine.Job | None) -> None:
    if job is not None and len(job.history) > 1:
        curves.show_losses(
            job.history, caption="The losses and metrics of this training run, on a logarithmic scale"
        )
        return
    name = _RECORDED[task]
    st.caption(f"Recorded training of {name}, which comes with the studio. Your own training replaces it.")
    draw_training(presets.find(name).read_data()["figures"])

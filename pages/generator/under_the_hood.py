"""Under the hood of Train a generator: the loss, its curves, and the metrics."""

from __future__ import annotations

import streamlit as st

from pages.faces.under_the_hood import draw_training, generator_text
from pages.widgets import assets, curves, under_the_hood
from studio import engine
from studio.core.models import presets

_RECORDED = {"dcgan.train": "digits-dcgan", "vae.train": "digits-vae"}


def explain(task: str, job: engine.Job | None) -> None:
    """The folded section.

    Args:
        task: "dcgan.train" or "vae.train", as the form has it.
        job: the training on the page, if there is one; its losses replace the recorded ones.
    """
    second = [assets.read(__file__, "vgg16_discriminator.md")] if task == "dcgan.train" else []
    texts = [generator_text(task), *second, assets.read(__file__, "under_the_hood.md")]
    under_the_hood.show(lambda: _drawn(task, job), *texts)


def _drawn(task: str, job: engine.Job | None) -> None:
    if job is not None and len(job.history) > 1:
        curves.losses(
            job.history, caption="The losses and metrics of this training run, on a logarithmic scale"
        )
        return
    name = _RECORDED[task]
    st.caption(f"Recorded training of {name}, which comes with the studio. Your own training replaces it.")
    draw_training(presets.find(name).data()["figures"])

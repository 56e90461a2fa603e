"""Under the hood of Teach to draw: the loss that is minimized, what curves say, how it is measured."""

from __future__ import annotations

import streamlit as st

from pages.faces import generator_words
from pages.faces.under_the_hood import draw_training
from pages.widgets import curves, under_the_hood
from studio import engine
from studio.core.models import presets

_RECORDED = {"dcgan.train": "digits-dcgan", "vae.train": "digits-vae"}
_SECOND = """
A **second discriminator** (*second judge*) gets the features that a pretrained VGG16 computes from an image,
not its pixels. VGG16 knows from a million labeled photos what an eye looks like, so shapes look right
sooner.
"""
_SHARED = """
Each step uses one **batch** of images and Adam. The images that you see come from an exponential moving
average (**EMA**) of the weights, which varies less from step to step than the weights themselves.
"""
_MEASURED = """
**FID** and **KID** compare the features that InceptionV3 computes from generated and from real images; lower
is better. FID has a bias that shrinks with the number of images, so compare only values of the same number;
KID has none. InceptionV3 and VGG16 learned the same ImageNet classes, so both metrics favor a model that was
trained with the second discriminator. A model that only memorized its images would score well, too: compare
its images with their nearest training images.
"""
_PAPERS = (
    " Sauer et al., [Projected GANs Converge Faster](https://arxiv.org/abs/2111.01007), 2021. Heusel et al., "
    "[FID](https://arxiv.org/abs/1706.08500), 2017. Bińkowski et al., "
    "[KID](https://arxiv.org/abs/1801.01401), 2018. Kynkäänniemi et al., [The Role of ImageNet Classes in "
    "Fréchet Inception Distance](https://arxiv.org/abs/2203.06026), 2022."
)


def explain(task: str, job: engine.Job | None) -> None:
    """The folded section.

    Args:
        task: "dcgan.train" or "vae.train", as the form has it.
        job: the training on the page, if there is one; its losses replace the recorded ones.
    """
    section = under_the_hood.section()
    if not section.open:
        return
    second = [(st.markdown, _SECOND)] if task == "dcgan.train" else []
    parts = [
        *generator_words.PARTS[task],
        *second,
        (st.markdown, _SHARED),
        (st.markdown, _MEASURED),
        (st.caption, generator_words.PAPERS[task] + _PAPERS),
    ]
    with section:
        under_the_hood.beside(parts, lambda: _drawn(task, job))


def _drawn(task: str, job: engine.Job | None) -> None:
    if job is not None and len(job.history) > 1:
        curves.losses(
            job.history, caption="The losses and metrics of this training run, on a logarithmic scale"
        )
        return
    name = _RECORDED[task]
    st.caption(f"Recorded: the training of {name}, which comes with the studio. Yours takes its place.")
    draw_training(presets.find(name).data()["figures"])

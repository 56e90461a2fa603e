"""Under the hood of style transfer: matched features, AdaIN, and the losses of this run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.jobs import trainings
from pages.recorded import runs
from pages.style import matches
from pages.widgets import curves, under_the_hood
from studio.core.models import presets
from studio.style.settings import SHIPPED

_WHAT = """
A network that was trained to classify photos turns an image into stacks of feature maps, one map per
channel: early layers respond to edges and colors, later ones to textures and parts of objects. At each
position of the image, the activations of VGG16's first ten convolutions together are a vector of 2,688
features.
"""
_FORMULA = r"d(x, y) = 1 - \frac{x \cdot y}{\lVert x\rVert\,\lVert y\rVert}"
_FINE = """
*Draft*, *fine* and *finest* replace the vector of each position of the photo by the **nearest neighbor** in
the painting, by cosine distance of centered vectors. Then Adam changes the levels of a Laplacian pyramid
until the image has these features. This begins at 64 px with large shapes. At each doubling, a blend of photo
and current result is matched again. In the last steps each layer is matched separately, at positions that are
drawn at every step. At the end the image gets the mean and covariance of the colors of the painting, which
is brightened a little if it is dim.
"""
_LOSS = r"""\begin{aligned}
\mathcal{L} ={}& \alpha\,\lVert F - F_{\text{content}}\rVert^2 \\
&+ \sum_{\ell} w_\ell \lVert G_\ell - G^{\text{style}}_\ell\rVert^2 + \beta\,\mathrm{TV}
\end{aligned}"""
_INSTANT = """
*Instant* needs one forward pass and no optimization. An encoder computes feature maps of both images,
**adaptive instance normalization** (AdaIN) gives each channel of the content the mean and standard deviation
of the style's, and a decoder that was trained for it turns the result into an image.
"""
_ADAIN = r"\mathrm{AdaIN}(x, y) = \sigma(y)\,\frac{x - \mu(x)}{\sigma(x)} + \mu(y)"
_PAPERS = (
    "Kolkin, Kucera, Paris, Sykora, Shechtman, Shakhnarovich, [Neural Neighbor Style Transfer]"
    "(https://arxiv.org/abs/2203.13215), 2022. "
    "Huang and Belongie, [Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization]"
    "(https://arxiv.org/abs/1703.06868), 2017."
)

_LESSON = """
A network of house styles has one set of filters for all its styles. After each convolution the maps are
normalized to mean 0 and standard deviation 1 per channel, then scaled and shifted, and **only this scale and
shift differ from style to style** (conditional instance normalization). So a style is a few thousand
parameters, which a trained network learns in minutes while all its other weights stay as they are.
"""
_NORM = r"y = \gamma_s\,\frac{x - \mu(x)}{\sigma(x)} + \beta_s"
_LEARNT = """
It is trained on photos. A loss on VGG16's features says how far the output is from the style and from the
photo, and another whether a photo that is shifted a little gives the same output, shifted.
`G` is the **Gram matrix** of a layer: which channels are active together, averaged over all positions.
"""
_LESSON_PAPERS = (
    "Johnson, Alahi, Fei-Fei, [Perceptual Losses for Real-Time Style Transfer and Super-Resolution]"
    "(https://arxiv.org/abs/1603.08155), 2016. Dumoulin, Shlens, Kudlur, [A Learned Representation for "
    "Artistic Style](https://arxiv.org/abs/1610.07629), 2017."
)


def explain_lesson(job: Any) -> None:
    """The folded section of the half that teaches, drawn from this training once there is one."""
    parts = (
        (st.markdown, _LESSON),
        (st.latex, _NORM),
        (st.markdown, _LEARNT),
        (st.latex, _LOSS),
        (st.caption, _LESSON_PAPERS),
    )
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _of_a_lesson(job))


def _of_a_lesson(job: Any) -> None:
    if job is not None and job.history:
        curves.losses(job.history, caption="The losses of this training against its steps")
        return
    figures = presets.find(SHIPPED).data()["figures"]
    told = f"How the studio's own network learned {', '.join(figures['taught'])} beside its other styles"
    curves.losses(list(trainings.reports_of(figures["curve"])), caption=told)


def explain(job: Any, watch: Callable[[], None] | None = None) -> None:
    """The folded section, drawn from this run; before there is one, from a recorded one.

    Args:
        watch: starts a small run to look at, for a page that has none.
    """
    parts = (
        (st.markdown, _WHAT),
        (st.latex, _FORMULA),
        (st.markdown, _FINE),
        (st.markdown, _INSTANT),
        (st.latex, _ADAIN),
        (st.caption, _PAPERS),
    )
    section = under_the_hood.section()
    if section.open:
        with section:
            under_the_hood.beside(parts, lambda: _of_a_run(job, watch))


def _of_a_run(job: Any, watch: Callable[[], None] | None) -> None:
    run = runs.of_job(job) if job is not None and job.history else runs.recorded("style")
    run.say_whose()
    if job is None and watch and st.button("Watch a small draft of yours", icon=":material/play_arrow:"):
        watch()
    caption = "The cosine distance to the matched features against the steps; it jumps at each new match"
    curves.losses(run.history, caption=caption)
    places = run.figures.get("matches")
    files = [*job.inputs["content"], *job.inputs["style"]] if job is not None and places else []
    if files and all(file.here for file in files):
        st.markdown(
            "**Matched places.** Point at the photo to see which part of the painting was matched there."
        )
        matches.show(files[0], files[1:], places, key="matched_places")

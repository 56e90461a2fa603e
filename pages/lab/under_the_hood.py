"""Under the hood of the lab: what an autoencoder and a Boltzmann machine are, and how they learn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.lab.input_form import DREAMS
from pages.lab.taught import Taught
from pages.recorded import runs
from pages.widgets import curves, under_the_hood
from studio.lab import pictures

_CODES = """
An **autoencoder** is two networks back to back. The first makes a few numbers of a picture, its **code**;
the second has to draw the picture again from the code alone. What does not fit through this bottleneck is
lost, so it keeps what digits have in common and drops the rest. That is why a letter comes back as a digit.

The kinds differ in one thing each. **Denoising**: it is given spoilt digits and asked for whole ones.
**Sparse**: a unit may speak for one digit in ten. **Contractive**: the code may change little when a pixel
does. **Variational**: each code is a small cloud, and all clouds together fill the space around zero.
**Convolutional**: it looks at small patches, everywhere with the same weights.

Nothing is told of which digit is which. It learns 4,000 digits that the studio's own model draws.
"""
_CODES_FORMULA = r"""\begin{aligned}
z &= f(x), \qquad \hat{x} = g(z) \\
\mathcal{L} &= -\textstyle\sum_i \big[x_i \log \hat{x}_i \\
&\quad + (1 - x_i)\log(1 - \hat{x}_i)\big] \\
&\quad + \lambda\,\Omega(z) \\
\Omega_{\text{sparse}} &= \textstyle\sum_j \mathrm{KL}\big(\rho\,\|\,\bar{z}_j\big) \\
\Omega_{\text{contractive}} &= \big\|\partial z / \partial x\big\|_F^2 \\
\Omega_{\text{variational}} &= \mathrm{KL}\big(q(z|x)\,\|\,\mathcal{N}(0, 1)\big)
\end{aligned}"""
_CODES_PAPERS = (
    "Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006. Vincent "
    "et al., Extracting and composing robust features with denoising autoencoders, 2008. Rifai et al., "
    "Contractive auto-encoders, 2011. Kingma and Welling, [Auto-encoding variational "
    "Bayes](https://arxiv.org/abs/1312.6114), 2013."
)
_DREAMS = """
A **restricted Boltzmann machine** has pixels and hidden units, each on or off, and a weight between each
pixel and each unit. Together they have an **energy**: the lower it is, the likelier that state. Given the
pixels all units can be drawn at once, and given the units all pixels. Drawing them by turns is a chain, and
what it visits is what the machine believes digits to be.

It learns by two pulls: real digits get likelier, and what its own chains dream gets rarer. The chains are
never started anew while it learns; that is **persistent** contrastive divergence.

Pixels that you keep are put back after every round, so all others have to get along with them. The
**temperature** divides the energy: when it is cold, only the likeliest states are left.
"""
_DREAMS_FORMULA = r"""\begin{aligned}
E(v, h) &= -v^{\top} W h - b^{\top} v - c^{\top} h \\
p(v, h) &\propto e^{-E(v, h) / T} \\
p(h_j = 1 \mid v) &= \sigma\big((v^{\top} W_j + c_j) / T\big) \\
\Delta W &\propto \langle v h^{\top} \rangle_{\text{digits}} - \langle v h^{\top} \rangle_{\text{dreams}}
\end{aligned}"""
_DREAMS_PAPERS = (
    "Smolensky, Information processing in dynamical systems, 1986. Tieleman, Training restricted Boltzmann "
    "machines using approximations to the likelihood gradient, 2008. Hinton, A practical guide to training "
    "restricted Boltzmann machines, 2010."
)

_OFF = "By how many levels of 255 it was off after each step: on digits that it learns and on others."
_LOOKED_FOR = "What its first layer looks for: light where ink excites a unit, dark where ink calms it."
_DREAMT = "Digits that it dreamt."


def explain(what: str, taught: Sequence[Taught]) -> None:
    """The folded section on what is chosen, beside how the networks in sight were taught."""
    dreams = what == DREAMS
    parts = (
        (st.markdown, _DREAMS if dreams else _CODES),
        (st.latex, _DREAMS_FORMULA if dreams else _CODES_FORMULA),
        (st.caption, _DREAMS_PAPERS if dreams else _CODES_PAPERS),
    )
    section = under_the_hood.section()
    with section:
        if section.open:
            under_the_hood.beside(parts, lambda: _drawn(taught) if taught else _recorded(dreams))


def _drawn(taught: Sequence[Taught]) -> None:
    for one in taught:
        st.markdown(f"**{one.title}**")
        curves.losses(one.made.figures["history"])
        st.caption(_OFF)
        st.image(pictures.filters(one.network, one.others), width="stretch", alt="What its units look for")
        st.caption(_LOOKED_FOR)


def _recorded(dreams: bool) -> None:
    """What one looks at until one's own network has been taught."""
    run = runs.recorded("lab_dreams" if dreams else "lab")
    run.say_whose()
    curves.losses(run.history)
    st.caption(_OFF)
    told = _DREAMT if dreams else _LOOKED_FOR
    st.image(run.picture, width="stretch", alt=told)
    st.caption(told)

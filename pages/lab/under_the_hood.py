"""Under the hood of the lab: what an autoencoder and a Boltzmann machine are, and how they learn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.lab.input_form import DREAMS
from pages.lab.taught import Taught
from pages.recorded import runs
from pages.widgets import curves, under_the_hood
from studio.lab import pictures

_CODES = r"""
An **autoencoder** is two networks in a row. The **encoder** computes a few numbers from an image, its
**code** $z$; the **decoder** reconstructs the image from the code alone. What does not fit through this
**bottleneck** is lost, so the code keeps what digits have in common. That is why a letter comes back as a
digit.

Each kind changes one thing. **Denoising**: the encoder is given the corrupted image $\tilde{x}$, and the
loss compares the output with the clean $x$. **Sparse**: each unit is held to a mean activation of $\rho$,
one in ten. **Contractive**: the derivative of the code with respect to the pixels is penalized.
**Variational**: the encoder outputs a mean and a variance, $z$ is sampled, and a KL divergence holds its
distribution near a standard normal. **Convolutional**: small filters with the same weights at every place.

It is given no labels. It is trained on 4,000 digits that the studio's own model draws.
"""
_CODES_FORMULA = r"""\begin{aligned}
z &= f(x) \\
\hat{x} &= g(z) \\
\text{denoising:}\; z &= f(\tilde{x}) \\
\mathcal{L} &= -\textstyle\sum_i \big[x_i \log \hat{x}_i \\
&\quad + (1 - x_i)\log(1 - \hat{x}_i)\big] \\
&\quad + \lambda\,\Omega(z) \\
\Omega_{\text{sparse}} &= \textstyle\sum_j \mathrm{KL}(\rho\,\|\,\bar{z}_j) \\
\Omega_{\text{contract.}} &= \big\|\partial z / \partial x\big\|_F^2 \\
\Omega_{\text{VAE}} &= \mathrm{KL}\big(q(z|x)\,\|\,\mathcal{N}(0, I)\big)
\end{aligned}"""
_CODES_PAPERS = (
    "Hinton and Salakhutdinov, Reducing the dimensionality of data with neural networks, 2006. Vincent "
    "et al., Extracting and composing robust features with denoising autoencoders, 2008. Rifai et al., "
    "Contractive auto-encoders, 2011. Kingma and Welling, [Auto-encoding variational "
    "Bayes](https://arxiv.org/abs/1312.6114), 2013."
)
_DREAMS = """
A **restricted Boltzmann machine** has visible units (pixels) and hidden units, each 0 or 1, and a weight
between each pixel and each hidden unit; there are none within a layer, which is the restriction. Each joint
state has an **energy** $E$. So, given the pixels, all hidden units are independent and can be sampled at
once, and given the hidden units all pixels (**Gibbs sampling**). The chain visits states as often as the
machine finds them probable.

Energy alone is no likelihood: a probability also needs the **partition function** $Z$, a sum over all states
that is far too large to compute. So energies of one machine can be compared with each other, but not with
those of another. Machines are compared by their **pseudo-likelihood**, which needs no $Z$.

The gradient of the log-likelihood has two parts: it lowers the energy of training digits and raises that of
samples. **Persistent** contrastive divergence takes the samples from chains that go on during all of
training.

Pixels that you keep are put back after every round (they are **clamped**), so all others adapt to them. The
**temperature** $T$ divides the energy: at a low one only the most probable states are left.
"""
_DREAMS_FORMULA = r"""\begin{aligned}
E(v, h) &= -v^{\top} W h - b^{\top} v - c^{\top} h \\
p(v, h) &= \tfrac{1}{Z}\, e^{-E(v, h) / T} \\
Z &= \textstyle\sum_{v, h} e^{-E(v, h) / T} \\
p(h_j = 1 \mid v) &= \sigma\big((v^{\top} W_j + c_j) / T\big) \\
\Delta W &\propto \langle v h^{\top} \rangle_{\text{digits}} \\
&\quad - \langle v h^{\top} \rangle_{\text{dreams}}
\end{aligned}"""
_DREAMS_PAPERS = (
    "Smolensky, Information processing in dynamical systems, 1986. Tieleman, Training restricted Boltzmann "
    "machines using approximations to the likelihood gradient, 2008. Hinton, A practical guide to training "
    "restricted Boltzmann machines, 2010."
)

_OFF = "The mean absolute error (0 to 255) after each step, on training digits and on others."
_LOOKED_FOR = "The weights of its first layer: light where ink raises a unit's sum, dark where it lowers it."
_DREAMT = "Digits that it sampled."


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
        st.image(pictures.filters(one.network, one.others), width="stretch", alt="Filters of the first layer")
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

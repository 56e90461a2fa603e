"""Under the hood of the lab: what an autoencoder and a Boltzmann machine are, and how they learn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.lab.input_form import DREAMS
from pages.lab.taught import Taught
from pages.recorded import runs
from pages.widgets import assets, curves, under_the_hood
from studio.lab import images

_OFF = "Mean absolute error (0 to 255) over the training steps, on training digits and on held-out digits."
_LOOKED_FOR = (
    "Weights of the first layer: light where ink raises the activation of a unit, dark where ink lowers it."
)
_DREAMED = "Digits sampled by the machine."


def explain(what: str, taught: Sequence[Taught]) -> None:
    """The folded section on what is chosen, next to how the networks in sight were trained."""
    dreams = what == DREAMS
    text = assets.read(__file__, "boltzmann_machines.md" if dreams else "autoencoders.md")
    under_the_hood.show(lambda: _drawn(taught) if taught else _recorded(dreams), text)


def _drawn(taught: Sequence[Taught]) -> None:
    for one in taught:
        st.markdown(f"**{one.title}**")
        curves.losses(one.made.figures["history"])
        st.caption(_OFF)
        st.image(images.filters(one.network, one.others), width="stretch", alt="Filters of the first layer")
        st.caption(_LOOKED_FOR)


def _recorded(dreams: bool) -> None:
    """What one looks at until one's own network has been trained."""
    run = runs.recorded("lab_dreams" if dreams else "lab")
    run.say_whose()
    curves.losses(run.history)
    st.caption(_OFF)
    told = _DREAMED if dreams else _LOOKED_FOR
    st.image(run.image, width="stretch", alt=told)
    st.caption(told)

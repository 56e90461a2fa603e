"""Charts and texts under the hood of the Lab: how autoencoders and Boltzmann machines learn."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.lab.input_form import DREAMS
from pages.lab.trained_network import TrainedNetwork
from pages.recorded import runs
from pages.widgets import assets, curves, under_the_hood
from studio.lab import images

_LOSS = "Mean absolute error (0 to 255) over the training steps, on training digits and on held-out digits."
_FILTERS = (
    "Weights of the first layer: light where ink raises the activation of a unit, dark where ink lowers it."
)
_SAMPLES = "Digits sampled by the machine."


def explain(model: str, networks: Sequence[TrainedNetwork]) -> None:
    """Shows the expander for the selected model, with the training of the shown networks."""
    is_boltzmann = model == DREAMS
    text = assets.read(__file__, "boltzmann_machines.md" if is_boltzmann else "autoencoders.md")
    under_the_hood.show_section(
        lambda: _draw_networks(networks) if networks else _draw_recorded_run(is_boltzmann), text
    )


def _draw_networks(networks: Sequence[TrainedNetwork]) -> None:
    for network in networks:
        st.markdown(f"**{network.title}**")
        curves.show_losses(network.result.figures["history"])
        st.caption(_LOSS)
        st.image(
            images.draw_filters(network.model, network.digits),
            width="stretch",
            alt="Filters of the first layer",
        )
        st.caption(_FILTERS)


def _draw_recorded_run(is_boltzmann: bool) -> None:
    """Shows a recorded training run until the user's own network is trained."""
    run = runs.load("lab_dreams" if is_boltzmann else "lab")
    run.show_label()
    curves.show_losses(run.history)
    st.caption(_LOSS)
    explanation = _SAMPLES if is_boltzmann else _FILTERS
    st.image(run.image, width="stretch", alt=explanation)
    st.caption(explanation)

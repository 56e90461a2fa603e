"""Inspects a trained network: filters, latent dimensions, a map of the latent space and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.lab import figures
from pages.lab.trained_network import TrainedNetwork
from pages.widgets import curves
from studio.lab import images
from studio.lab.images import CodeMap


@st.fragment
def show(networks: Sequence[TrainedNetwork]) -> None:
    """Draws the tabs, with the networks side by side."""
    filters_tab, codes, map_tab, training_tab = st.tabs(
        ["Filters", "Latent dimensions", "Latent space", "Training"]
    )
    with filters_tab:
        _for_each(networks, _filters)
    with codes:
        _for_each(networks, _codes)
    with map_tab:
        _for_each(networks, _map)
    with training_tab:
        _for_each(networks, _training)


def _for_each(networks: Sequence[TrainedNetwork], draw) -> None:
    for network, column in zip(networks, st.columns(len(networks), gap="medium"), strict=True):
        with column:
            if len(networks) > 1:
                st.markdown(f"**{network.title}**")
            draw(network)


def _filters(network: TrainedNetwork) -> None:
    st.image(images.filters(network.model, network.digits), width="stretch", alt="Filters of the first layer")
    unit = "patch of 4 x 4 pixels" if network.model.settings.kind == "convolutional" else "unit"
    text = f"Weights of the first layer, one square per {unit}"
    st.caption(f"{text}: light where ink raises its activation, dark where ink lowers it.")


def _codes(network: TrainedNetwork) -> None:
    codes = network.codes
    count = codes.shape[1]
    spread = np.argsort(-codes.std(axis=0)) + 1
    number = 1
    if count > 1:
        number = st.slider("Latent dimension", 1, count, int(spread[0]), key=f"lab_unit_{network.title}")
    images_of_dimension = images.traversal(network.model, number - 1, codes)
    st.image(
        images.digit_grid(images_of_dimension, len(images_of_dimension)),
        width="stretch",
        alt="Effect of each latent dimension",
    )
    st.caption(
        f"Dimension {number} goes through its usual range, from left to right; all others stay at their mean."
    )


def _map(network: TrainedNetwork) -> None:
    if network.model.settings.bottleneck == 1:
        st.caption("One latent dimension is a line, not a map: see Latent dimensions.")
        return
    code_map = CodeMap(network.model, network.codes)
    st.image(code_map.image(), width="stretch", alt="Map of the latent space")
    horizontal = st.slider("Left to right", 0.0, 1.0, 0.5, 0.01, key=f"lab_across_{network.title}")
    vertical = st.slider("Bottom to top", 0.0, 1.0, 0.5, 0.01, key=f"lab_up_{network.title}")
    figures.row([("Decoded here", code_map.digit(np.array([[horizontal, vertical]]))[0])])
    if network.model.settings.bottleneck > 2:
        st.caption("A plane through the code, along the two directions in which the digits differ most.")


def _training(network: TrainedNetwork) -> None:
    figures_ = network.result.figures
    curves.losses(figures_["history"])
    st.caption(
        f"Mean absolute error (0 to 255) over the training steps. {figures_['steps']:,} steps, "
        f"{network.model.parameters:,} parameters, {figures_['seconds']:.0f} s."
    )

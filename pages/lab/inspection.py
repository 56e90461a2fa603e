"""Tabs that inspect trained networks: filters, latent dimensions, a map of the latent space and the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
        _draw_side_by_side(networks, _draw_filters)
    with codes:
        _draw_side_by_side(networks, _draw_dimension)
    with map_tab:
        _draw_side_by_side(networks, _draw_map)
    with training_tab:
        _draw_side_by_side(networks, _draw_training)


def _draw_side_by_side(networks: Sequence[TrainedNetwork], draw: Callable[[TrainedNetwork], None]) -> None:
    for network, column in zip(networks, st.columns(len(networks), gap="medium"), strict=True):
        with column:
            if len(networks) > 1:
                st.markdown(f"**{network.title}**")
            draw(network)


def _draw_filters(network: TrainedNetwork) -> None:
    st.image(
        images.draw_filters(network.model, network.digits), width="stretch", alt="Filters of the first layer"
    )
    unit = "patch of 4 x 4 pixels" if network.model.settings.kind == "convolutional" else "unit"
    text = f"Weights of the first layer, one square per {unit}"
    st.caption(f"{text}: light where ink raises its activation, dark where ink lowers it.")


def _draw_dimension(network: TrainedNetwork) -> None:
    codes = network.codes
    count = codes.shape[1]
    order = np.argsort(-codes.std(axis=0)) + 1
    number = 1
    if count > 1:
        number = st.slider("Latent dimension", 1, count, int(order[0]), key=f"lab_unit_{network.title}")
    images_of_dimension = images.decode_traversal(network.model, number - 1, codes)
    st.image(
        images.draw_grid(images_of_dimension, len(images_of_dimension)),
        width="stretch",
        alt="Effect of each latent dimension",
    )
    st.caption(
        f"Dimension {number} goes through its usual range, from left to right; all others stay at their mean."
    )


def _draw_map(network: TrainedNetwork) -> None:
    if network.model.settings.bottleneck == 1:
        st.caption("One latent dimension is a line, not a map: see Latent dimensions.")
        return
    code_map = CodeMap(network.model, network.codes)
    st.image(code_map.draw(), width="stretch", alt="Map of the latent space")
    horizontal = st.slider("Left to right", 0.0, 1.0, 0.5, 0.01, key=f"lab_across_{network.title}")
    vertical = st.slider("Bottom to top", 0.0, 1.0, 0.5, 0.01, key=f"lab_up_{network.title}")
    figures.draw_row([("Decoded here", code_map.decode(np.array([[horizontal, vertical]]))[0])])
    if network.model.settings.bottleneck > 2:
        st.caption("A plane in latent space, along the two directions in which the digits differ most.")


def _draw_training(network: TrainedNetwork) -> None:
    result_figures = network.result.figures
    curves.show_losses(result_figures["history"])
    st.caption(
        f"Mean absolute error (0 to 255) over the training steps. {result_figures['steps']:,} steps, "
        f"{network.model.parameters:,} parameters, {result_figures['seconds']:.0f} s."
    )

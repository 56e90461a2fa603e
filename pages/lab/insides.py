"""Inspects a trained network: filters, latent dimensions, a map of the latent space and the loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.lab import figures
from pages.lab.taught import Taught
from pages.widgets import curves
from studio.lab import images
from studio.lab.images import CodeMap


@st.fragment
def show(taught: Sequence[Taught]) -> None:
    """Draws it for each network, side by side."""
    looks, codes, map_, course = st.tabs(["Filters", "Latent dimensions", "Latent space", "Training"])
    with looks:
        _each(taught, _filters)
    with codes:
        _each(taught, _codes)
    with map_:
        _each(taught, _map)
    with course:
        _each(taught, _course)


def _each(taught: Sequence[Taught], draw) -> None:
    for one, column in zip(taught, st.columns(len(taught), gap="medium"), strict=True):
        with column:
            if len(taught) > 1:
                st.markdown(f"**{one.title}**")
            draw(one)


def _filters(one: Taught) -> None:
    st.image(images.filters(one.network, one.others), width="stretch", alt="Filters of the first layer")
    what = "patch of 4 x 4 pixels" if one.network.settings.kind == "convolutional" else "unit"
    told = f"Weights of the first layer, one square per {what}"
    st.caption(f"{told}: light where ink raises its activation, dark where ink lowers it.")


def _codes(one: Taught) -> None:
    codes = one.codes
    count = codes.shape[1]
    spread = np.argsort(-codes.std(axis=0)) + 1
    number = 1
    if count > 1:
        number = st.slider("Latent dimension", 1, count, int(spread[0]), key=f"lab_unit_{one.title}")
    ways = images.units(one.network, number - 1, codes)
    st.image(images.shown(ways, len(ways)), width="stretch", alt="Effect of each latent dimension")
    st.caption(
        f"Dimension {number} goes through its usual range, from left to right; all others stay at their mean."
    )


def _map(one: Taught) -> None:
    if one.network.settings.bottleneck == 1:
        st.caption("One latent dimension is a line, not a map: see Latent dimensions.")
        return
    found = CodeMap(one.network, one.codes)
    st.image(found.image(), width="stretch", alt="Map of the latent space")
    across = st.slider("Left to right", 0.0, 1.0, 0.5, 0.01, key=f"lab_across_{one.title}")
    up = st.slider("Bottom to top", 0.0, 1.0, 0.5, 0.01, key=f"lab_up_{one.title}")
    figures.row([("Decoded here", found.digit(np.array([[across, up]]))[0])])
    if one.network.settings.bottleneck > 2:
        st.caption("A plane through the code, along the two directions in which the digits differ most.")


def _course(one: Taught) -> None:
    figures_ = one.made.figures
    curves.losses(figures_["history"])
    st.caption(
        f"Mean absolute error (0 to 255) over the training steps. {figures_['steps']:,} steps, "
        f"{one.network.parameters:,} parameters, {figures_['seconds']:.0f} s."
    )

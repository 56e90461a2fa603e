"""Under the hood of the Playground: the network, its training and its settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.playground import charts
from pages.widgets import assets, curves, under_the_hood, words
from studio import engine
from studio.core.imaging import grids
from studio.core.layers.activations import ACTIVATIONS
from studio.playground.inputs import make_position_encoding, pixel_positions
from studio.playground.settings import NetworkSettings, PlaygroundSettings

_TILE_SIDE, _MAX_TILES = 48, 12  # px, and number of Fourier features that are drawn
_LEAST_SUM, _GREATEST_SUM = -4.0, 4.0


def explain(settings: NetworkSettings | None, job: engine.Job | None) -> None:
    """Draws the folded section for these settings, with the charts of a finished job."""
    under_the_hood.show_section(
        lambda: _draw_charts(settings or PlaygroundSettings(), job),
        assets.read(__file__, "under_the_hood.md"),
    )


def _draw_charts(settings: NetworkSettings, job: engine.Job | None) -> None:
    if job is not None and job.result is not None:
        figures = job.result.figures
        history = figures.get("history", ())
        curves.show_losses(history, caption="Losses of this run over its steps")
        losses = [point["training"] for point in history]
        charts.draw_layers(figures.get("gradients", ()), figures.get("values", ()), losses)
    st.altair_chart(_build_activation_chart(settings.activation), width="stretch")
    name = words.choice_label(settings.activation)
    st.caption(f"The chosen activation function, {name}, and its slope.")
    if isinstance(settings, PlaygroundSettings) and settings.fourier_features:
        st.image(
            _render_fourier_features(settings),
            width="stretch",
            alt="Fourier features of several frequencies and directions",
        )
        st.caption(f"Some of the {settings.fourier_features} Fourier features.")


def _build_activation_chart(activation: str) -> Any:
    activation_function = ACTIVATIONS[activation]
    sums = np.linspace(_LEAST_SUM, _GREATEST_SUM, 161, dtype="float32")
    values = activation_function.value(sums)
    rows = [
        {"sum": round(float(x), 3), "what": label, "value": round(float(value), 4)}
        for label, line in (("activation", values), ("slope", activation_function.derivative(sums, values)))
        for x, value in zip(sums, line, strict=True)
    ]
    return curves.build_lines(rows, "sum", "value", "what")


def _render_fourier_features(settings: PlaygroundSettings) -> np.ndarray:
    """Returns an image with tiles of some Fourier features, from the lowest frequency to the highest."""
    features = make_position_encoding(
        settings.fourier_features,
        settings.fourier_scale,
        settings.coordinates,
        settings.detail,
        settings.seed,
    )
    order = np.argsort(np.hypot(*features.frequencies))
    indices = order[np.linspace(0, len(order) - 1, min(_MAX_TILES, len(order))).astype(int)]
    values = features.encode(pixel_positions(_TILE_SIDE, _TILE_SIDE))[:, 2 + indices]
    tiles = ((values.T.reshape(-1, _TILE_SIDE, _TILE_SIDE, 1) + 1) * 127.5).astype("uint8")
    return grids.make_grid(np.repeat(tiles, 3, axis=-1), columns=6)

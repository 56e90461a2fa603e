"""A plane to place points of two classes on, by click, touch or keyboard."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from pages.form import input_store
from pages.widgets import assets, keys
from studio.core.data import encodings
from studio.core.errors import StudioError
from studio.core.tasks import File
from studio.playground import data_sets

_NAME = "own_points"  # in the session and in the address
_LABEL = (
    "Plane from -1 to 1. Arrow keys move the cursor, space adds a point, 0 and 1 select its class, Ctrl+Z "
    "removes the last point."
)
_mount = assets.register_component("studio_points", __file__)
Point = list[float]  # x, y, class


def ask() -> File | None:
    """Draws the plane. Returns the points as a CSV file, or None while there are too few."""
    component_key, sequence_key = keys.part(_NAME, "canvas"), keys.part(_NAME, "sequence")

    def store() -> None:
        message = st.session_state[component_key].points
        if isinstance(message, dict) and isinstance(message.get("sequence"), int):
            st.session_state[_NAME] = _parse(message.get("points"))
            st.session_state[sequence_key] = message["sequence"]

    points: list[Point] = input_store.restore(_NAME, _parse)
    _mount(
        data={
            "points": points,
            "sequence": st.session_state.get(sequence_key, 0),
            "label": _LABEL,
            "max": data_sets.MAX_POINTS,
        },
        key=component_key,
        on_points_change=store,
    )
    input_store.store(_NAME, points)
    text = format_csv(points)
    try:
        data_sets.parse_points(text)
    except StudioError:
        return None
    return File.store(text.encode(), "text", "points.csv")


def load_file(file: File) -> None:
    """Replaces the points by those of a file. Call it from a callback."""
    positions, classes = data_sets.parse_points(encodings.decode(file.read())[0])
    st.session_state[_NAME] = [
        [float(x), float(y), int(n)] for (x, y), n in zip(positions, classes, strict=True)
    ]
    sequence_key = keys.part(_NAME, "sequence")
    # Newer than the browser's, whose points they replace.
    st.session_state[sequence_key] = st.session_state.get(sequence_key, 0) + 1_000_000


def format_csv(points: list[Point]) -> str:
    """Formats points as CSV."""
    values = np.array(points, "float64").reshape(-1, 3)
    return data_sets.format_points(values[:, :2], values[:, 2].astype(int))


def _parse(value: Any) -> list[Point]:
    """Returns the valid points of a message of the browser or a stored value, which is untrusted."""
    if not isinstance(value, list):
        return []
    return [point for point in value[: data_sets.MAX_POINTS] if _is_point(point)]


def _is_point(point: object) -> bool:
    if not isinstance(point, list) or len(point) != 3 or point[2] not in (0, 1):
        return False
    return all(type(number) in (int, float) and abs(number) <= 1 for number in point)

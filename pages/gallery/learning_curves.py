"""The learning curves of one or several training runs in one chart, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from pages.form import forms
from pages.widgets import curves, keys, words
from studio.gallery.items import Item


class Point(NamedTuple):
    """A point of a curve: the value of a metric of a run after a step."""

    run: str
    metric: str
    step: int
    value: float


RunSettings = Mapping[str, Mapping[str, str]]  # by the names of the runs: the settings that differ


def show(items_by_name: Mapping[str, Item], settings: RunSettings | None = None, *, key: str) -> None:
    """Draws a metric of all runs, and a button for a CSV file; draws nothing unless each is a training run.

    Args:
        items_by_name: the runs by the names that the legend and the CSV file give them.
        settings: columns of the CSV file, for each run; None for no more columns.
        key: key of the metric in the session.
    """
    points = list_points(items_by_name)
    if {point.run for point in points} != set(items_by_name):
        return
    metrics = {point.metric: point.metric.replace("_", " ") for point in points}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        forms.drop_stale_choice(key, metrics)
        metric = st.selectbox("Metric", list(metrics), format_func=metrics.__getitem__, key=key)
        st.download_button(
            "Save as CSV",
            to_csv(points, settings or {}),
            file_name=words.make_file_name(
                " and ".join(dict.fromkeys(item.name for item in items_by_name.values())), ".csv"
            ),
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
            key=keys.part(key, "csv"),
        )
    rows = [
        {"step": point.step, "which": point.run, "value": point.value}
        for point in points
        if point.metric == metric
    ]
    curves.show_lines(rows, title=metrics[metric], include_zero=False)


def list_points(items_by_name: Mapping[str, Item]) -> list[Point]:
    """Returns the finite values of all curves; a result that no training made has none."""
    return [
        Point(name, metric, int(report["step"]), float(value))
        for name, item in items_by_name.items()
        for report in curves.list_reports(item.result.figures.get("curve") or {})
        for metric, value in report.items()
        if metric != "step" and isinstance(value, int | float) and math.isfinite(value)
    ]


def to_csv(points: Sequence[Point], settings: RunSettings) -> bytes:
    """Returns the points as CSV, one per line, below a line with the names of the columns.

    Args:
        points: of all runs.
        settings: further columns; the same ones for each run.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*Point._fields, *next(iter(settings.values()), {})])
    writer.writerows([*point, *settings.get(point.run, {}).values()] for point in points)
    return text.getvalue().encode()

"""Charts of what affects accuracy, for "Under the hood" of Classify; a study job trains many heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import inline_jobs, results
from pages.recorded import runs
from pages.widgets import words
from studio.classify.settings import StudySettings
from studio.classify.training import study_text
from studio.core.tasks import File

TASK = "classify.study"
_HEIGHT = 240
_TRAINING, _VALIDATION = "training loss", "validation loss"
_LIST, _RANDOM = "suspicion list", "random order"
_TITLES = {
    "features": "Input features",
    "regularization": "Regularization strength",
    "dataset_sizes": "Number of training images",
    "ensemble": "Ensemble size",
    "wrong_labels": "Finding wrong labels",
}


def show(images: File | None, settings: Mapping[str, Any]) -> None:
    """Shows the charts for the user's images once measured, else those of a recorded run.

    Args:
        images: the data set; None if there is none or it is no longer known.
        settings: of the classifier; its size and split are used.
    """
    st.markdown("#### What affects accuracy")
    figures = _offer_measurement(images, settings) if images is not None else None
    if figures is None:
        run = runs.load("study")
        run.show_label()
        figures = run.figures
    captions = study_text.describe_results(figures)
    grid = st.grid(2, min_column_width=320)
    for name, draw in _CHARTS.items():
        with grid.cell():
            st.markdown(f"**{_TITLES[name]}**")
            st.altair_chart(draw(figures), width="stretch")
            st.caption(words.escape(captions[name]))
    results.show_notes(figures.get("notes", ()))


def _offer_measurement(images: File, settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Shows the button that starts the measurement, or its job. Returns its figures once done, else None."""
    names = StudySettings.model_fields.keys() & settings.keys()
    study_settings = StudySettings.parse({name: settings[name] for name in names})
    label = "Measure on my images"
    help = (
        "Extracts features with two networks and trains about a hundred classifier heads on them; takes "
        "about a minute"
    )
    job = inline_jobs.show_inline_job(
        TASK, study_settings, {"data": [images]}, label, ":material/science:", help
    )
    return results.result_of(job).figures if job is not None else None


def _build_features_chart(figures: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = [
        {
            "kind": study_text.feature_title(entry["kind"]),
            "right": entry["accuracy"],
            "low": entry["interval"][0],
            "high": entry["interval"][1],
            "numbers": entry["width"],
        }
        for entry in figures["features"]
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("kind:N", title=None, sort=None, axis=alt.Axis(labelLimit=160))
    )
    tooltip = ["kind:N", alt.Tooltip("right:Q", format=".1%"), alt.Tooltip("numbers:Q", format=",")]
    bars = base.mark_bar(cornerRadiusEnd=3).encode(x=_encode_accuracy("right:Q", [0, 1]), tooltip=tooltip)
    interval = base.mark_rule(color="gray", strokeWidth=2).encode(x="low:Q", x2="high:Q")
    return (bars + interval).properties(height=_HEIGHT)


def _build_regularization_chart(figures: Mapping[str, Any]) -> Any:
    rows = [
        {"strength": entry["strength"], "images": name, "nats": entry[key]}
        for entry in figures["regularization"]
        for name, key in ((_TRAINING, "training_loss"), (_VALIDATION, "validation_loss"))
    ]
    return _build_line_chart(
        rows, "strength", "L2 regularization", "nats", "nats per image", "images", log=True
    )


def _build_dataset_size_chart(figures: Mapping[str, Any]) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=list(figures["dataset_sizes"]))).encode(
        x=alt.X("images:Q", title="training images per class", scale=alt.Scale(type="log", nice=False))
    )
    band = base.mark_area(opacity=0.2).encode(y=_encode_accuracy("low:Q"), y2="high:Q")
    shares = [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("accuracy", "low", "high")]
    tooltip = ["images:Q", *shares]
    line = base.mark_line(point=True).encode(y=_encode_accuracy("accuracy:Q"), tooltip=tooltip)
    return (band + line).properties(height=_HEIGHT)


def _build_ensemble_chart(figures: Mapping[str, Any]) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=list(figures["ensemble"]["heads"])))
        .mark_line(point=True)
        .encode(
            x=alt.X("heads:Q", title="heads in the ensemble", axis=alt.Axis(tickMinStep=1)),
            y=_encode_accuracy("accuracy:Q"),
            tooltip=["heads:Q", alt.Tooltip("accuracy:Q", format=".1%")],
        )
        .properties(height=_HEIGHT)
    )


def _build_wrong_labels_chart(figures: Mapping[str, Any]) -> Any:
    rows = count_wrong_labels_found(figures["wrong_labels"])
    return _build_line_chart(rows, "looked at", "images checked", "found", "wrong labels found", "order")


def count_wrong_labels_found(audit: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns how many wrong labels are found by number of images checked, in list and in random order."""
    count, rows = 0, []
    for at, is_wrong in enumerate([False, *audit["list"]]):
        count += is_wrong
        expected = round(audit["wrong"] * at / audit["images"], 2)
        rows += [
            {"looked at": at, "found": count, "order": _LIST},
            {"looked at": at, "found": expected, "order": _RANDOM},
        ]
    return rows


def _build_line_chart(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    x_title: str,
    y: str,
    y_title: str,
    by: str,
    log: bool = False,
) -> Any:
    """Returns a line chart with one color and dash pattern per value of `by`."""
    import altair as alt

    scale = alt.Scale(type="log", nice=False) if log else alt.Scale(nice=False)
    axis = alt.Axis(format="~e", values=sorted({row[x] for row in rows})) if log else alt.Axis(tickMinStep=1)
    return (
        alt.Chart(alt.Data(values=list(rows)))
        .mark_line(point=log, strokeWidth=2)
        .encode(
            x=alt.X(f"{x}:Q", title=x_title, scale=scale, axis=axis),
            y=alt.Y(f"{y}:Q", title=y_title),
            color=alt.Color(f"{by}:N", title=None, sort=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash(f"{by}:N", title=None, sort=None),
            tooltip=[f"{by}:N", f"{x}:Q", alt.Tooltip(f"{y}:Q", format=".3~g")],
        )
        .properties(height=_HEIGHT)
    )


def _encode_accuracy(field: str, domain: Sequence[float] | None = None) -> Any:
    """Returns the encoding of a test accuracy: x if a `domain` is given, else y."""
    import altair as alt

    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=False)
    channel = alt.X if domain else alt.Y
    return channel(field, title="test accuracy", axis=alt.Axis(format="~%"), scale=scale)


_CHARTS = {
    "features": _build_features_chart,
    "regularization": _build_regularization_chart,
    "dataset_sizes": _build_dataset_size_chart,
    "ensemble": _build_ensemble_chart,
    "wrong_labels": _build_wrong_labels_chart,
}

"""Data and accuracy, under the hood of Classify: five charts of one head that is trained many times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import inline_jobs, results
from pages.recorded import runs
from pages.widgets import words
from studio.classify.settings import StudySettings
from studio.classify.training import study_words
from studio.core.tasks import File

TASK = "classify.study"
_HEIGHT = 240
_LEARNED, _OTHERS = "training loss", "validation loss"
_LIST, _CHANCE = "suspicion list", "random order"
_TITLES = {
    "features": "Input features",
    "strengths": "Regularization strength",
    "amounts": "Number of training images",
    "votes": "Ensemble size",
    "hidden": "Finding wrong labels",
}


def show(images: File | None, settings: Mapping[str, Any]) -> None:
    """Draws them, of a user's own images once that was asked for, else of a recorded run.

    Args:
        images: the data set; None where there is none, or it is no longer known.
        settings: of the classifier, whose size and split are taken.
    """
    st.markdown("#### What affects accuracy")
    told = _own(images, settings) if images is not None else None
    if told is None:
        run = runs.recorded("study")
        run.say_whose()
        told = run.figures
    said = study_words.sentences(told)
    grid = st.grid(2, min_column_width=320)
    for name, draw in _CHARTS.items():
        with grid.cell():
            st.markdown(f"**{_TITLES[name]}**")
            st.altair_chart(draw(told), width="stretch")
            st.caption(words.plain(said[name]))
    for note in told.get("notes", ()):
        st.caption(f":material/info: {words.plain(note)}")


def _own(images: File, settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    known = StudySettings.model_fields.keys() & settings.keys()
    wanted = StudySettings.parse({name: settings[name] for name in known})
    label = "Measure on my images"
    help = "Extracts features with two networks and trains about a hundred heads; takes about a minute"
    job = inline_jobs.inline_job(TASK, wanted, {"data": [images]}, label, ":material/science:", help)
    return results.of_job(job).figures if job is not None else None


def _features(told: Mapping[str, Any]) -> Any:
    import altair as alt

    rows = [
        {
            "kind": study_words.title(one["kind"]),
            "right": one["accuracy"],
            "low": one["interval"][0],
            "high": one["interval"][1],
            "numbers": one["width"],
        }
        for one in told["features"]
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("kind:N", title=None, sort=None, axis=alt.Axis(labelLimit=160))
    )
    tooltip = ["kind:N", alt.Tooltip("right:Q", format=".1%"), alt.Tooltip("numbers:Q", format=",")]
    bars = base.mark_bar(cornerRadiusEnd=3).encode(x=_share("right:Q", [0, 1]), tooltip=tooltip)
    reach = base.mark_rule(color="gray", strokeWidth=2).encode(x="low:Q", x2="high:Q")
    return (bars + reach).properties(height=_HEIGHT)


def _strengths(told: Mapping[str, Any]) -> Any:
    rows = [
        {"strength": one["strength"], "images": name, "nats": one[key]}
        for one in told["strengths"]
        for name, key in ((_LEARNED, "learned"), (_OTHERS, "left_out"))
    ]
    return _lines(rows, "strength", "L2 regularization", "nats", "nats per image", "images", log=True)


def _amounts(told: Mapping[str, Any]) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=list(told["amounts"]))).encode(
        x=alt.X("images:Q", title="training images per class", scale=alt.Scale(type="log", nice=False))
    )
    band = base.mark_area(opacity=0.2).encode(y=_share("low:Q"), y2="high:Q")
    shares = [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("accuracy", "low", "high")]
    tooltip = ["images:Q", *shares]
    line = base.mark_line(point=True).encode(y=_share("accuracy:Q"), tooltip=tooltip)
    return (band + line).properties(height=_HEIGHT)


def _votes(told: Mapping[str, Any]) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=list(told["votes"]["heads"])))
        .mark_line(point=True)
        .encode(
            x=alt.X("heads:Q", title="heads in the ensemble", axis=alt.Axis(tickMinStep=1)),
            y=_share("accuracy:Q"),
            tooltip=["heads:Q", alt.Tooltip("accuracy:Q", format=".1%")],
        )
        .properties(height=_HEIGHT)
    )


def _hidden(told: Mapping[str, Any]) -> Any:
    rows = hidden_rows(told["hidden"])
    return _lines(rows, "looked at", "images checked", "found", "wrong labels found", "order")


def hidden_rows(lost: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How many wrong labels are found by looking at so many images: down the list, and by chance."""
    found, rows = 0, []
    for at, hit in enumerate([False, *lost["list"]]):
        found += hit
        chance = round(lost["wrong"] * at / lost["images"], 2)
        rows += [
            {"looked at": at, "found": found, "order": _LIST},
            {"looked at": at, "found": chance, "order": _CHANCE},
        ]
    return rows


def _lines(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    x_title: str,
    y: str,
    y_title: str,
    by: str,
    log: bool = False,
) -> Any:
    """Lines told apart by color and by dashes."""
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


def _share(field: str, domain: Sequence[float] | None = None) -> Any:
    """A share of images that are right, as an axis."""
    import altair as alt

    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=False)
    channel = alt.X if domain else alt.Y
    return channel(field, title="test accuracy", axis=alt.Axis(format="~%"), scale=scale)


_CHARTS = {
    "features": _features,
    "strengths": _strengths,
    "amounts": _amounts,
    "votes": _votes,
    "hidden": _hidden,
}

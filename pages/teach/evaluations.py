"""How good a classifier is on pictures it never saw: in a sentence, by class, and how sure it may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.teach import confusion, data_sets
from pages.widgets import browser_pictures, words
from studio.core.data import Pictures

MOST_SHOWN = 24
MOST_CLASSES = 24  # beyond which a table of all against all is no longer read
SIDE = 104  # px of a picture


def headline(
    evaluation: Mapping[str, Any],
    title: str = "Right on pictures that it never saw",
    of: str = "held-out pictures",
) -> None:
    """The accuracy, how far it may be off, and what that means.

    Args:
        evaluation: as `studio.classify.teach.evaluate` makes it.
        title: of the accuracy.
        of: what was looked at, in words.
    """
    low, high = evaluation["interval"]
    n = evaluation["n"]
    right = round(evaluation["accuracy"] * n)
    st.metric(title, f"{evaluation['accuracy']:.1%}")
    st.markdown(
        f"**{right:,} of {n:,}** {of}. With so many to test on, its true accuracy lies between "
        f"**{low:.0%}** and **{high:.0%}** (95 %)."
    )


def by_class(evaluation: Mapping[str, Any]) -> None:
    """Precision and recall of each class, as bars with their numbers."""
    rows = [
        {
            "Class": one["name"],
            "Pictures": one["count"],
            "Found": _percent(one["recall"]),
            "Right when named": _percent(one["precision"]),
        }
        for one in evaluation["per_class"]
    ]
    bar: dict[str, Any] = {"format": "%.0f %%", "min_value": 0, "max_value": 100}
    found = st.column_config.ProgressColumn(help="Recall: how many of the class it found", **bar)
    named = st.column_config.ProgressColumn(help="Precision: how many that it called so are so", **bar)
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={"Found": found, "Right when named": named},
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


@st.fragment
def confused(
    evaluation: Mapping[str, Any], tested: Mapping[str, Any], pictures: Pictures | None, *, key: str
) -> None:
    """The table of what was taken for what; a cell opens its pictures.

    Args:
        evaluation: as `studio.classify.teach.evaluate` makes it.
        tested: names, truth, guess and confidence of the held-out pictures.
        pictures: of the data set; None where it is gone.
        key: of the table.
    """
    classes = [one["name"] for one in evaluation["per_class"]]
    counts = evaluation["confusion"]
    if len(classes) > MOST_CLASSES:
        cell = _worst(classes, counts, key)
    else:
        cell = confusion.matrix(classes, counts, key=key)
    if cell is None:
        st.caption("Choose a cell to see its pictures.")
        return
    truth, guess = cell
    places = [
        n
        for n, pair in enumerate(zip(tested["truth"], tested["guess"], strict=True))
        if pair == (truth, guess)
    ]
    places.sort(key=lambda n: -tested["confidence"][n])
    said = "found" if truth == guess else f"taken for {words.plain(classes[guess])}"
    st.markdown(f"**{words.plain(classes[truth])}, {said}**, the surest first:")
    wall(
        [tested["names"][n] for n in places],
        [f"{tested['confidence'][n]:.0%} sure" for n in places],
        pictures,
    )


def _worst(classes: Sequence[str], counts: Sequence[Sequence[int]], key: str) -> confusion.Cell | None:
    """The most frequent confusions, as a list to choose from."""
    table = np.array(counts)
    table[np.diag_indices(len(table))] = 0
    order = np.argsort(-table, axis=None)[:MOST_CLASSES]
    cells = [divmod(int(at), len(table)) for at in order if table.flat[at]]
    return st.pills(
        "What it confuses most",
        cells,
        format_func=lambda cell: words.plain(
            f"{classes[cell[0]]} → {classes[cell[1]]}: {counts[cell[0]][cell[1]]}"
        ),
        key=key,
    )


def wall(names: Sequence[str], captions: Sequence[str], pictures: Pictures | None) -> None:
    """Pictures of a data set by their names, each with a few words below it."""
    found = data_sets.thumbnails(pictures, names[:MOST_SHOWN]) if pictures is not None else []
    there = [n for n, picture in enumerate(found) if picture is not None]
    if not there:
        st.caption("Their pictures are no longer kept.")
        return
    with st.container(horizontal=True, gap="small"):
        for n in there:
            browser_pictures.captioned(found[n], width=SIDE, caption=captions[n])
    if len(names) > MOST_SHOWN:
        st.caption(f"and {len(names) - MOST_SHOWN:,} more")


def calibrated(evaluation: Mapping[str, Any]) -> None:
    """Whether it is right as often as it is sure: a curve beside the diagonal, in words below."""
    found = evaluation["calibration"]
    rows = [
        {"sure": one["confidence"], "right": one["accuracy"], "pictures": one["count"]}
        for one in found["bins"]
        if one["count"]
    ]
    st.altair_chart(_curve(rows), width="stretch")
    off, floor = found["error"], found.get("floor")
    sure = sum(row["sure"] * row["pictures"] for row in rows)
    right = sum(row["right"] * row["pictures"] for row in rows)
    way = "surer than it should be" if sure > right else "less sure than it could be"
    told = "about as sure as it is right" if off < max(0.05, 1.5 * (floor or 0)) else way
    least = "" if floor is None else f" (a perfectly calibrated model: {floor:.1%}, by chance alone)"
    st.caption(
        f"It is {told}: off by {off:.1%} in the mean{least}. On the dashed line it would be right exactly as "
        "often as it says; a larger point stands for more pictures."
    )


def _curve(rows: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    scale, percent = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    ideal = alt.Chart(alt.Data(values=[{"at": 0}, {"at": 1}])).mark_line(
        strokeDash=[4, 4], color="gray", strokeWidth=1
    )
    seen = alt.Chart(alt.Data(values=list(rows)))
    x = alt.X("sure:Q", title="how sure it is", scale=scale, axis=percent)
    y = alt.Y("right:Q", title="how often it is right", scale=scale, axis=percent)
    size = alt.Size("pictures:Q", legend=None, scale=alt.Scale(range=[30, 320]))
    tip = [
        alt.Tooltip("sure:Q", format=".0%"),
        alt.Tooltip("right:Q", format=".0%"),
        alt.Tooltip("pictures:Q"),
    ]
    return (
        ideal.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
        + seen.mark_line(strokeWidth=2).encode(x=x, y=y)
        + seen.mark_circle(opacity=0.9).encode(x=x, y=y, size=size, tooltip=tip)
    ).properties(height=260)

"""Evaluation on the test split: accuracy, precision and recall, confusion matrix, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.classify import confusion, data_sets
from pages.widgets import browser_images, words
from studio.core.data import ImageDataset

MOST_SHOWN = 24
MOST_CLASSES = 24  # beyond which a table of all against all is no longer read
SIDE = 104  # px of an image


def headline(
    evaluation: Mapping[str, Any],
    title: str = "Test accuracy",
    of: str = "test images",
) -> None:
    """The accuracy, how far it may be off, and what that means.

    Args:
        evaluation: as `studio.classify.training.evaluate` makes it.
        title: of the accuracy.
        of: what was looked at, in words.
    """
    low, high = evaluation["interval"]
    n = evaluation["n"]
    right = round(evaluation["accuracy"] * n)
    st.metric(title, f"{evaluation['accuracy']:.1%}")
    st.markdown(
        f"**{right:,} of {n:,}** {of} classified correctly. 95 % confidence interval of the accuracy: "
        f"**{low:.0%}** to **{high:.0%}**."
    )


def by_class(evaluation: Mapping[str, Any]) -> None:
    """Precision and recall of each class, as bars with their numbers."""
    rows = [
        {
            "Class": one["name"],
            "Images": one["count"],
            "Recall": _percent(one["recall"]),
            "Precision": _percent(one["precision"]),
        }
        for one in evaluation["per_class"]
    ]
    bar: dict[str, Any] = {"format": "%.0f %%", "min_value": 0, "max_value": 100}
    found = st.column_config.ProgressColumn(
        help="Share of the images of this class that the model recognizes", **bar
    )
    named = st.column_config.ProgressColumn(
        help="Share of the predictions of this class that are right", **bar
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={"Recall": found, "Precision": named},
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


@st.fragment
def confused(
    evaluation: Mapping[str, Any], tested: Mapping[str, Any], dataset: ImageDataset | None, *, key: str
) -> None:
    """The confusion matrix; a cell opens its images.

    Args:
        evaluation: as `studio.classify.training.evaluate` makes it.
        tested: names, truth, guess and confidence of the held-out images.
        dataset: of the data set; None where it is gone.
        key: of the table.
    """
    classes = [one["name"] for one in evaluation["per_class"]]
    counts = evaluation["confusion"]
    if len(classes) > MOST_CLASSES:
        cell = _worst(classes, counts, key)
    else:
        cell = confusion.matrix(classes, counts, key=key)
    if cell is None:
        st.caption("Choose a cell to see its images.")
        return
    truth, guess = cell
    places = [
        n
        for n, pair in enumerate(zip(tested["truth"], tested["guess"], strict=True))
        if pair == (truth, guess)
    ]
    places.sort(key=lambda n: -tested["confidence"][n])
    said = "classified correctly" if truth == guess else f"classified as {words.plain(classes[guess])}"
    st.markdown(f"**{words.plain(classes[truth])}, {said}**, highest confidence first:")
    grid(
        [tested["names"][n] for n in places],
        [f"{tested['confidence'][n]:.0%} confidence" for n in places],
        dataset,
    )


def _worst(classes: Sequence[str], counts: Sequence[Sequence[int]], key: str) -> confusion.Cell | None:
    """The most frequent confusions, as a list to choose from."""
    table = np.array(counts)
    table[np.diag_indices(len(table))] = 0
    order = np.argsort(-table, axis=None)[:MOST_CLASSES]
    cells = [divmod(int(at), len(table)) for at in order if table.flat[at]]
    return st.pills(
        "Most frequent confusions",
        cells,
        format_func=lambda cell: words.plain(
            f"{classes[cell[0]]} → {classes[cell[1]]}: {counts[cell[0]][cell[1]]}"
        ),
        key=key,
    )


def grid(names: Sequence[str], captions: Sequence[str], dataset: ImageDataset | None) -> None:
    """Images of a data set by their names, each with a few words below it."""
    found = data_sets.thumbnails(dataset, names[:MOST_SHOWN]) if dataset is not None else []
    there = [n for n, image in enumerate(found) if image is not None]
    if not there:
        st.caption("These images are no longer stored.")
        return
    with st.container(horizontal=True, gap="small"):
        for n in there:
            browser_images.captioned(found[n], width=SIDE, caption=captions[n])
    if len(names) > MOST_SHOWN:
        st.caption(f"and {len(names) - MOST_SHOWN:,} more")


def calibrated(evaluation: Mapping[str, Any]) -> None:
    """The calibration: a reliability diagram and the expected calibration error."""
    found = evaluation["calibration"]
    rows = [
        {"sure": one["confidence"], "right": one["accuracy"], "images": one["count"]}
        for one in found["bins"]
        if one["count"]
    ]
    st.altair_chart(_curve(rows), width="stretch")
    off, floor = found["error"], found.get("floor")
    sure = sum(row["sure"] * row["images"] for row in rows)
    right = sum(row["right"] * row["images"] for row in rows)
    way = "overconfident" if sure > right else "underconfident"
    told = "well calibrated" if off < max(0.05, 1.5 * (floor or 0)) else way
    least = "" if floor is None else f" (a perfectly calibrated model would have {floor:.1%} by chance)"
    st.caption(
        f"The model is {told}: expected calibration error {off:.1%}{least}. On the dashed line, confidence "
        "equals accuracy; larger points stand for more images."
    )


def _curve(rows: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    scale, percent = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    ideal = alt.Chart(alt.Data(values=[{"at": 0}, {"at": 1}])).mark_line(
        strokeDash=[4, 4], color="gray", strokeWidth=1
    )
    seen = alt.Chart(alt.Data(values=list(rows)))
    x = alt.X("sure:Q", title="confidence", scale=scale, axis=percent)
    y = alt.Y("right:Q", title="accuracy", scale=scale, axis=percent)
    size = alt.Size("images:Q", legend=None, scale=alt.Scale(range=[30, 320]))
    tip = [
        alt.Tooltip("sure:Q", title="confidence", format=".0%"),
        alt.Tooltip("right:Q", title="accuracy", format=".0%"),
        alt.Tooltip("images:Q", title="images"),
    ]
    return (
        ideal.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
        + seen.mark_line(strokeWidth=2).encode(x=x, y=y)
        + seen.mark_circle(opacity=0.9).encode(x=x, y=y, size=size, tooltip=tip)
    ).properties(height=260)

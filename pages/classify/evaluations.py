"""Evaluation on the test split: accuracy or average precision, precision and recall, confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.classify import confusion, data_sets
from pages.widgets import browser_images, words
from studio.classify.models import rejection
from studio.core.data import ImageDataset

MAX_IMAGES_SHOWN = 24  # images in a grid
MAX_CLASSES = 24  # in the matrix; with more, a list shows only the most frequent confusions
IMAGE_WIDTH = 104  # px of an image in a grid


def show_accuracy(
    evaluation: Mapping[str, Any],
    title: str = "Test accuracy",
    subject: str = "test images",
) -> None:
    """Shows the accuracy with its confidence interval, or the metrics of a multi-label classifier.

    Args:
        evaluation: from `studio.classify.training.evaluate`.
        title: of the metric.
        subject: what was classified, in words.
    """
    if "mean_average_precision" in evaluation:
        _show_multi_label_metrics(evaluation, subject)
        return
    low, high = evaluation["interval"]
    n = evaluation["n"]
    correct = round(evaluation["accuracy"] * n)
    st.metric(title, f"{evaluation['accuracy']:.1%}")
    st.markdown(
        f"**{correct:,} of {n:,}** {subject} classified correctly. 95% confidence interval of the accuracy: "
        f"**{low:.0%}** to **{high:.0%}**."
    )


def _show_multi_label_metrics(evaluation: Mapping[str, Any], subject: str) -> None:
    names = {"mean_average_precision": "mAP", "f1_macro": "Macro F1", "f1_micro": "Micro F1"}
    with st.container(horizontal=True):
        for name, title in names.items():
            st.metric(title, f"{evaluation[name]:.1%}", width="content")
    st.markdown(
        f"**mAP** (mean average precision) on {evaluation['n']:,} {subject}: how well the probability of "
        "each class ranks the images that have it above the others. **F1** counts a class as predicted if "
        f"its probability is at least {evaluation['threshold']:.0%}; then {evaluation['accuracy']:.1%} of "
        "all labels are correct."
    )


def show_per_class(evaluation: Mapping[str, Any]) -> None:
    """Shows the metrics of each class, as bars with numbers."""
    rows = [
        {
            "Class": entry["name"],
            "Images": entry["count"],
            **(
                {"Average precision": _to_percent(entry["average_precision"])}
                if "average_precision" in entry
                else {}
            ),
            "Recall": _to_percent(entry["recall"]),
            "Precision": _to_percent(entry["precision"]),
        }
        for entry in evaluation["per_class"]
    ]
    bar: dict[str, Any] = {"format": "%.0f%%", "min_value": 0, "max_value": 100}
    if "average_precision" in evaluation["per_class"][0]:
        bar["width"] = "small"  # or the third bar would be cut off
    average_column = st.column_config.ProgressColumn(
        help="Area under the precision-recall curve; 100% if all images of this class rank first",
        **bar,
    )
    recall_column = st.column_config.ProgressColumn(
        help="Share of the images of this class that are predicted as this class", **bar
    )
    precision_column = st.column_config.ProgressColumn(
        help="Share of the images predicted as this class that belong to it", **bar
    )
    st.dataframe(
        rows,
        hide_index=True,
        width="stretch",
        column_config={
            "Average precision": average_column,
            "Recall": recall_column,
            "Precision": precision_column,
        },
    )


def name_labels(classes: Sequence[str], labels: int | Sequence[int]) -> str:
    """Returns the name of an image's class, or those of its labels, joined; “none of these” without any."""
    if isinstance(labels, int):
        return classes[labels]
    return ", ".join(classes[label] for label in labels) or rejection.LABEL


def _to_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


@st.fragment
def show_confusion_matrix(
    evaluation: Mapping[str, Any], test_results: Mapping[str, Any], dataset: ImageDataset | None, *, key: str
) -> None:
    """Shows the confusion matrix; a selected cell shows its images. Nothing for a multi-label classifier.

    Args:
        evaluation: from `studio.classify.training.evaluate`.
        test_results: names, truth, guess and confidence of the test images.
        dataset: the images; None if they are no longer stored.
        key: of the matrix.
    """
    if "confusion" not in evaluation:
        return
    st.markdown("**Confusion matrix**")
    classes = [entry["name"] for entry in evaluation["per_class"]]
    counts = evaluation["confusion"]
    if len(classes) > MAX_CLASSES:
        cell = _choose_confusion(classes, counts, key)
    else:
        cell = confusion.show_matrix(classes, counts, key=key)
    if cell is None:
        st.caption("Choose a cell to see its images.")
        return
    truth, guess = cell
    matches = [
        n
        for n, pair in enumerate(zip(test_results["truth"], test_results["guess"], strict=True))
        if pair == (truth, guess)
    ]
    matches.sort(key=lambda n: -test_results["confidence"][n])
    outcome = "classified correctly" if truth == guess else f"classified as {words.escape(classes[guess])}"
    st.markdown(f"**{words.escape(classes[truth])}, {outcome}**, highest confidence first:")
    show_images(
        [test_results["names"][n] for n in matches],
        [f"{test_results['confidence'][n]:.0%} confidence" for n in matches],
        dataset,
    )


def _choose_confusion(
    classes: Sequence[str], counts: Sequence[Sequence[int]], key: str
) -> confusion.Cell | None:
    """Lets the user select one of the most frequent confusions."""
    table = np.array(counts)
    table[np.diag_indices(len(table))] = 0
    order = np.argsort(-table, axis=None)[:MAX_CLASSES]
    cells = [divmod(int(at), len(table)) for at in order if table.flat[at]]
    return st.pills(
        "Most frequent confusions",
        cells,
        format_func=lambda cell: words.escape(
            f"{classes[cell[0]]} → {classes[cell[1]]}: {counts[cell[0]][cell[1]]}"
        ),
        key=key,
    )


def show_images(names: Sequence[str], captions: Sequence[str], dataset: ImageDataset | None) -> None:
    """Shows images of a data set, by their names, each with a caption."""
    thumbnails = data_sets.make_thumbnails(dataset, names[:MAX_IMAGES_SHOWN]) if dataset is not None else []
    available = [n for n, image in enumerate(thumbnails) if image is not None]
    if not available:
        st.caption("These images are no longer stored.")
        return
    with st.container(horizontal=True, gap="small"):
        for n in available:
            browser_images.show_with_caption(thumbnails[n], width=IMAGE_WIDTH, caption=captions[n])
    if len(names) > MAX_IMAGES_SHOWN:
        st.caption(f"and {len(names) - MAX_IMAGES_SHOWN:,} more")


def show_calibration(evaluation: Mapping[str, Any]) -> None:
    """Shows a reliability diagram and the expected calibration error."""
    calibration = evaluation["calibration"]
    rows = [
        {"sure": entry["confidence"], "right": entry["accuracy"], "images": entry["count"]}
        for entry in calibration["bins"]
        if entry["count"]
    ]
    st.altair_chart(_build_reliability_chart(rows), width="stretch")
    ece, floor = calibration["error"], calibration.get("floor")
    expected = sum(row["sure"] * row["images"] for row in rows)
    correct = sum(row["right"] * row["images"] for row in rows)
    direction = "overconfident" if expected > correct else "underconfident"
    verdict = "well calibrated" if ece < max(0.05, 1.5 * (floor or 0)) else direction
    floor_text = "" if floor is None else f" (a perfectly calibrated model would have {floor:.1%} by chance)"
    st.caption(
        f"The model is {verdict}: expected calibration error {ece:.1%}{floor_text}. On the dashed line, "
        "confidence equals accuracy; larger points stand for more images."
    )


def _build_reliability_chart(rows: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    scale, percent = alt.Scale(domain=[0, 1]), alt.Axis(format="%")
    ideal = alt.Chart(alt.Data(values=[{"at": 0}, {"at": 1}])).mark_line(
        strokeDash=[4, 4], color="gray", strokeWidth=1
    )
    observed = alt.Chart(alt.Data(values=list(rows)))
    x = alt.X("sure:Q", title="confidence", scale=scale, axis=percent)
    y = alt.Y("right:Q", title="accuracy", scale=scale, axis=percent)
    size = alt.Size("images:Q", legend=None, scale=alt.Scale(range=[30, 320]))
    tooltip = [
        alt.Tooltip("sure:Q", title="confidence", format=".0%"),
        alt.Tooltip("right:Q", title="accuracy", format=".0%"),
        alt.Tooltip("images:Q", title="images"),
    ]
    return (
        ideal.encode(x=alt.X("at:Q", scale=scale), y=alt.Y("at:Q", scale=scale))
        + observed.mark_line(strokeWidth=2).encode(x=x, y=y)
        + observed.mark_circle(opacity=0.9).encode(x=x, y=y, size=size, tooltip=tooltip)
    ).properties(height=260)

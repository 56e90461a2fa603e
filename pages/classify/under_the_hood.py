"""Charts under the hood of Classify: a map of the features and the learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any

import streamlit as st

from pages.classify import data_sets, evaluations, study
from pages.classify.classifiers import Classifier
from pages.recorded import runs
from pages.widgets import assets, browser_images, under_the_hood
from studio.core.tasks import File

_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
MAX_THUMBNAILS = 400  # points of the map with a thumbnail in the tooltip


def explain(
    classifier: Classifier | None,
    images: File | None = None,
    form_settings: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Shows the expander with the charts of a classifier, or else those of a recorded run.

    Args:
        classifier: shown on the page, if any.
        images: the selected data set; the study uses it while there is no classifier.
        form_settings: settings of the form, used by the same study.
    """
    section = under_the_hood.create_section()
    if not section.open:
        return
    settings = classifier.settings if classifier else {}
    with section:
        multi_label = bool(classifier and classifier.data.get("multi_label"))
        explanation = _compose_explanation(settings, multi_label)
        under_the_hood.show_side_by_side(lambda: _draw_charts(classifier), explanation)
        if multi_label:
            st.caption("What affects accuracy can be measured only if each image has one label.")
        if classifier is not None and classifier.images is not None and not multi_label:
            study.show(classifier.images, settings)
        else:
            study.show(None if multi_label else images, form_settings)


def _compose_explanation(settings: Mapping[str, Any], multi_label: bool = False) -> str:
    """Returns the explanation of how these settings train a classifier, as Markdown."""
    sections = assets.read_sections(__file__, "under_the_hood.md")
    backbone = "Fine-tuned backbone" if settings.get("finetune") else "Frozen backbone"
    head = "Hidden layer" if settings.get("head") == "mlp" else "Linear head"
    names = (backbone, head, *(["Several labels"] if multi_label else []), "Grad-CAM")
    return "\n\n".join(sections[name] for name in names)


def _draw_charts(classifier: Classifier | None) -> None:
    if classifier is None or not classifier.data.get("map"):
        run = runs.load("classify")
        run.show_label()
        classifier = Classifier("", data=run.figures, settings=run.settings)
    data = classifier.data
    points = _list_points(classifier)
    st.altair_chart(_build_map(points), width="stretch")
    st.caption(
        "Test images, in the plane that separates the classes most; point at one to see it. Many "
        "misclassified images lie on the border of two classes."
    )
    metric = "mean average precision" if data.get("multi_label") else "accuracy"
    curve = [
        {"images": point["images"], "metric": point[metric.replace(" ", "_")]}
        for point in data.get("learning_curve") or []
    ]
    if len(curve) > 1:
        subject = _name_curve_subject(classifier.settings)
        st.altair_chart(
            _build_learning_curve(curve, f"{metric}, {subject}" if subject else metric), width="stretch"
        )
        improvement = _describe_improvement(curve, metric)
        st.caption(
            f"The curve shows {subject}, which is fast to retrain. {improvement}" if subject else improvement
        )


def _name_curve_subject(settings: Mapping[str, Any]) -> str:
    """Returns which model the learning curve belongs to; "" for the classifier itself."""
    if settings.get("finetune"):
        return "a linear head before fine-tuning"
    return "a linear head" if settings.get("head") == "mlp" else ""


def _list_points(classifier: Classifier) -> list[dict[str, Any]]:
    """Returns one row per point of the map; the first ones with a thumbnail as a data URL."""
    plane, tested = classifier.data["map"], classifier.data["tested"]
    name_labels = partial(evaluations.name_labels, classifier.data["classes"])
    images = data_sets.load_if_available(classifier.images, classifier.side) if classifier.images else None
    thumbnails = data_sets.make_thumbnails(images, tested["names"][:MAX_THUMBNAILS]) if images else []
    columns = (tested["names"], tested["truth"], tested["guess"], plane["x"], plane["y"])
    rows = [
        {"name": name, "class": name_labels(truth), "predicted": name_labels(guess), "x": x, "y": y}
        for name, truth, guess, x, y in zip(*columns, strict=True)
    ]
    for row, image in zip(rows, thumbnails, strict=False):
        if image is not None:
            thumbnail = browser_images.encode_webp(image[::2, ::2], quality=60)
            row["image"] = browser_images.to_data_url(thumbnail)
    return rows


def _build_map(points: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    pick = alt.selection_point(fields=["class"], bind="legend")
    plain = alt.Axis(labels=False, ticks=False, grid=False)
    return (
        alt.Chart(alt.Data(values=list(points)))
        .mark_point(filled=True, size=70)
        .encode(
            x=alt.X("x:Q", title=None, axis=plain),
            y=alt.Y("y:Q", title=None, axis=plain),
            color=alt.Color("class:N", title=None, legend=alt.Legend(orient="top", columns=4)),
            shape=alt.Shape("class:N", title=None, scale=alt.Scale(range=_SHAPES)),
            opacity=alt.condition(pick, alt.value(0.85), alt.value(0.1)),
            tooltip=["image:N", "class:N", "predicted:N", "name:N"],
        )
        .add_params(pick)
        .properties(height=340)
    )


def _build_learning_curve(curve: Sequence[Mapping[str, Any]], title: str) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=list(curve)))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("images:Q", title="training images", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y(
                "metric:Q",
                title=title,
                axis=alt.Axis(format="%"),
                scale=alt.Scale(zero=False, padding=12),
            ),
            tooltip=["images:Q", alt.Tooltip("metric:Q", title=title, format=".1%")],
        )
        .properties(height=220)
    )


def _describe_improvement(curve: Sequence[Mapping[str, Any]], metric: str = "accuracy") -> str:
    """Returns how much the last added images improved a metric, in words."""
    previous, last = curve[-2], curve[-1]
    points = 100 * (last["metric"] - previous["metric"])
    if last["metric"] == 1:
        return f"The {metric} is 100%: only harder test images can show whether more data helps."
    change = f"From {previous['images']:,} to {last['images']:,} images, {metric} went"
    if abs(points) < 0.5:
        return f"The last images hardly changed the {metric}: more images of the same kind would help little."
    if points < 0:
        return (
            f"{change} down by {-points:.1f} points: this may be chance, or some of the last images differ "
            "from the others or have wrong labels."
        )
    return f"{change} up by {points:.1f} points: more images would still help, but each doubling helps less."

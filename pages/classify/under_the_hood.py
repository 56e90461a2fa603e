"""Under the hood of classes: where the images lie for the network, and what more images would bring."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.classify import data_sets, study
from pages.classify.classifiers import Shown
from pages.recorded import runs
from pages.widgets import assets, browser_images, under_the_hood
from studio.core.tasks import File

_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down"]
MOST_SHOWN = 400  # points of the map that show their image when pointed at


def explain(
    classifier: Shown | None, images: File | None = None, asked: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """The folded section, drawn from how the classifier was trained, or else from how a recorded one was.

    Args:
        classifier: the one that is shown, if one is.
        images: the data set that is chosen, for what learning needs where there is no classifier yet.
        asked: what the form asks for next to it.
    """
    section = under_the_hood.section()
    if not section.open:
        return
    settings = classifier.settings if classifier else {}
    with section:
        under_the_hood.beside(lambda: _drawn(classifier), _text(settings))
        if classifier is not None and classifier.images is not None:
            study.show(classifier.images, settings)
        else:
            study.show(images, asked)


def _text(settings: Mapping[str, Any]) -> str:
    """How a classifier of these settings was trained, as Markdown."""
    parts = assets.sections(__file__, "under_the_hood.md")
    backbone = "Fine-tuned backbone" if settings.get("finetune") else "Frozen backbone"
    head = "Hidden layer" if settings.get("head") == "mlp" else "Linear head"
    return "\n\n".join((parts[backbone], parts[head], parts["Grad-CAM"]))


def _drawn(classifier: Shown | None) -> None:
    if classifier is None or not classifier.data.get("map"):
        run = runs.recorded("classify")
        run.say_whose()
        classifier = Shown("", data=run.figures, settings=run.settings)
    data = classifier.data
    points = _points(classifier)
    st.altair_chart(_map(points), width="stretch")
    st.caption(
        "Test images, in the plane that separates the classes most; point at one to see it. Many "
        "misclassified images lie on the border of two classes."
    )
    curve = data.get("learning_curve") or []
    if len(curve) > 1:
        of = _curve_of(classifier.settings)
        st.altair_chart(_curve(curve, f"accuracy, {of}" if of else "accuracy"), width="stretch")
        st.caption(f"The curve shows {of}, which is fast to retrain. {_more(curve)}" if of else _more(curve))


def _curve_of(settings: Mapping[str, Any]) -> str:
    """Whose curve is shown where it is not that of the classifier itself; else empty."""
    if settings.get("finetune"):
        return "a linear head before fine-tuning"
    return "a linear head" if settings.get("head") == "mlp" else ""


def _points(classifier: Shown) -> list[dict[str, Any]]:
    """One row a point of the map; the first ones with their image as an address of its own bytes."""
    found, tested, classes = (classifier.data[part] for part in ("map", "tested", "classes"))
    images = data_sets.if_available(classifier.images, classifier.side) if classifier.images else None
    seen = data_sets.thumbnails(images, tested["names"][:MOST_SHOWN]) if images else []
    columns = (tested["names"], tested["truth"], tested["guess"], found["x"], found["y"])
    rows = [
        {"name": name, "class": classes[truth], "predicted": classes[guess], "x": x, "y": y}
        for name, truth, guess, x, y in zip(*columns, strict=True)
    ]
    for row, image in zip(rows, seen, strict=False):
        if image is not None:
            row["image"] = _address(image)
    return rows


def _address(image: np.ndarray) -> str:
    """A small image as an address that holds it."""
    body = io.BytesIO()
    Image.fromarray(image[::2, ::2]).save(body, "WEBP", quality=60, method=2)
    return browser_images.address(body.getvalue())


def _map(points: Sequence[Mapping[str, Any]]) -> Any:
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


def _curve(curve: Sequence[Mapping[str, Any]], title: str) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=list(curve)))
        .mark_line(point=True, strokeWidth=2)
        .encode(
            x=alt.X("images:Q", title="training images", scale=alt.Scale(type="log", nice=False)),
            y=alt.Y(
                "accuracy:Q",
                title=title,
                axis=alt.Axis(format="%"),
                scale=alt.Scale(zero=False, padding=12),
            ),
            tooltip=["images:Q", alt.Tooltip("accuracy:Q", format=".1%")],
        )
        .properties(height=220)
    )


def _more(curve: Sequence[Mapping[str, Any]]) -> str:
    """How much the last images improved the accuracy, which suggests what more of them may add."""
    before, last = curve[-2], curve[-1]
    points = 100 * (last["accuracy"] - before["accuracy"])
    if last["accuracy"] == 1:
        return "All test images are classified correctly: only harder ones can show whether more data helps."
    told = f"From {before['images']:,} to {last['images']:,} images, accuracy went"
    if abs(points) < 0.5:
        return "The last images hardly changed the accuracy: more images of the same kind would help little."
    if points < 0:
        return (
            f"{told} down by {-points:.1f} points: this may be chance, or some of the last images differ "
            "from the others or have wrong labels."
        )
    return f"{told} up by {points:.1f} points: more images would still help, but each doubling helps less."

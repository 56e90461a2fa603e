"""The held-out images with the highest loss, as a grid; a click opens one in a lightbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.widgets import browser_images, keys, words
from pages.widgets.image_viewer import Place, show_image_viewer
from studio.core.data import ImageDataset

SHOWN_AT_FIRST = 12  # images
IMAGE_WIDTH = 156  # px
_HELP = "The classes that the model confuses, unclear images and wrong labels are often among them."


@st.fragment
def show(top_losses: Sequence[Mapping[str, Any]], dataset: ImageDataset | None, *, key: str) -> None:
    """Shows images with their label, prediction, probability and loss, the highest loss first.

    Args:
        top_losses: from `studio.classify.training.evaluate.list_top_losses`.
        dataset: the images; None if they are no longer stored.
        key: of the grid.
    """
    if not top_losses:
        return
    st.markdown("**Top losses**", help=_HELP)
    rows = {name: row for row, name in enumerate(dataset.names)} if dataset is not None else {}
    entries = [entry for entry in top_losses if entry["name"] in rows]
    if dataset is None or not entries:
        st.caption("These images are no longer stored.")
        return
    more_key = keys.part(key, "more")
    visible_entries = entries if st.session_state.get(more_key) else entries[:SHOWN_AT_FIRST]
    with st.container(horizontal=True, gap="small"):
        for n, entry in enumerate(visible_entries):
            pixels = dataset.images[rows[entry["name"]]]
            with st.container(width=IMAGE_WIDTH, gap=None):
                show_image_viewer(
                    browser_images.encode_webp(pixels),
                    size=(pixels.shape[1], pixels.shape[0]),
                    key=keys.part(key, str(n)),
                    names=("", f"{entry['label']}, number {n + 1} of the top losses"),
                    details=f"{entry['name']}: {describe(entry)}",
                    place=Place(key, n, len(visible_entries)),
                )
                st.caption(words.escape(describe(entry)))
    if len(entries) > SHOWN_AT_FIRST:
        st.toggle(f"Show all {len(entries)}", key=more_key)


def describe(entry: Mapping[str, Any]) -> str:
    """Returns label, prediction, probability of the label and loss, in one line.

    With several labels for each image, there is no single probability.
    """
    if "probability" not in entry:
        return f"{entry['label']}, predicted: {entry['prediction']}. Loss {entry['loss']:.2f}"
    if entry["label"] == entry["prediction"]:
        guess = f"{entry['label']}, predicted correctly"
    else:
        guess = f"{entry['label']}, predicted as {entry['prediction']} ({entry['confidence']:.0%})"
    return f"{guess}. Probability of {entry['label']}: {entry['probability']:.1%}, loss {entry['loss']:.2f}"

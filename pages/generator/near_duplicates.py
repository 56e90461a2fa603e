"""Shows the near-duplicates in a data set and offers to leave them out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.form import corrected_sets, near_duplicates
from pages.form.training_images import CHOOSER
from studio.core import amounts, data
from studio.core.data import ImageDataset
from studio.core.data.repeated_images import RepeatedImages
from studio.core.generators import MIN_IMAGES
from studio.core.tasks import File


def show(file: File, dataset: ImageDataset, duplicates: RepeatedImages) -> None:
    """Shows near-duplicates, and offers to leave them out.

    Args:
        file: the data set.
        dataset: its images.
        duplicates: result of `repeated_images.find`.
    """
    count, total = len(duplicates.rows), len(dataset.names)
    if duplicates.compared_count < total:
        text = f"Only the first {duplicates.compared_count:,} images were compared with each other"
        st.caption(f":material/info: {text}{'' if count else ', and no two are nearly the same'}.")
    elif not count:
        st.caption(":material/check_circle: No two of them are nearly the same.")
    if not count:
        return
    _show_count(count, total - count)
    if not data.is_local(file):
        return
    pairs = [
        _describe_pair(dataset, *pair)
        for pair in zip(duplicates.originals, duplicates.rows, duplicates.correlations, strict=True)
    ]
    if st.button(f"Leave out {amounts.format_count(count, 'image')}", icon=":material/filter_none:"):
        corrected_sets.apply_corrections(file, dataset, [{pair["second"]: ""} for pair in pairs], CHOOSER)
    near_duplicates.offer_corrections(file, dataset, pairs, CHOOSER)


def _describe_pair(dataset: ImageDataset, first: int, second: int, similarity: float) -> dict[str, Any]:
    names = {"first": dataset.names[first], "second": dataset.names[second]}
    return {**names, "similarity": float(similarity), "is_cross_class": False}


def _show_count(count: int, remaining: int) -> None:
    """Shows the number of near-duplicates; warns if too few images would remain without them."""
    text = (
        f"**{amounts.format_count(count, 'image')}** {'is' if count == 1 else 'are'} nearly the same as "
        f"another"
    )
    if remaining >= MIN_IMAGES:
        st.markdown(
            f":material/info: {text}, such as a photo saved twice. A duplicate counts twice in training."
        )
        return
    st.warning(
        f"{text}. Without {'it' if count == 1 else 'them'} {amounts.format_count(remaining, 'image')} "
        f"would be "
        f"left, and a generator needs at least {MIN_IMAGES}. Add other images.",
        icon=":material/warning:",
    )

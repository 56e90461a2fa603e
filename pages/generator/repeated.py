"""Shows the near-duplicates in a data set and offers to leave them out."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.form import corrected_sets, near_images
from pages.form.learning_images import CHOOSER
from studio.core import amounts, data
from studio.core.data import ImageDataset
from studio.core.data.repeats import Repeats
from studio.core.generators.least_images import LEAST_IMAGES
from studio.core.tasks import File


def show(file: File, dataset: ImageDataset, duplicates: Repeats) -> None:
    """Shows near-duplicates, and offers to leave them out.

    Args:
        file: the data set.
        dataset: its images.
        duplicates: result of `repeats.find`.
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
    near = [
        _pair(dataset, *pair)
        for pair in zip(duplicates.firsts, duplicates.rows, duplicates.correlations, strict=True)
    ]
    if st.button(f"Leave out {amounts.count(count, 'image')}", icon=":material/filter_none:"):
        corrected_sets.make(file, dataset, [{pair["second"]: ""} for pair in near], CHOOSER)
    near_images.offer(file, dataset, near, CHOOSER)


def _pair(dataset: ImageDataset, first: int, second: int, similarity: float) -> dict[str, Any]:
    names = {"first": dataset.names[first], "second": dataset.names[second]}
    return {**names, "alike": float(similarity), "across": False}


def _show_count(count: int, remaining: int) -> None:
    """Shows the number of near-duplicates; warns if too few images would remain without them."""
    text = f"**{amounts.count(count, 'image')}** {'is' if count == 1 else 'are'} nearly the same as another"
    if remaining >= LEAST_IMAGES:
        st.markdown(
            f":material/info: {text}, such as a photo saved twice. A duplicate counts twice in training."
        )
        return
    st.warning(
        f"{text}. Without {'it' if count == 1 else 'them'} {amounts.count(remaining, 'image')} would be "
        f"left, and a generator needs at least {LEAST_IMAGES}. Add other images.",
        icon=":material/warning:",
    )

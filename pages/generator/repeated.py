"""Near-duplicates in a data set: shows them and offers to leave them out."""

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


def show(file: File, dataset: ImageDataset, found: Repeats) -> None:
    """Shows near-duplicates, and offers to leave them out.

    Args:
        file: the data set.
        dataset: its images.
        found: what `repeats.find` says of them.
    """
    count, of = len(found.rows), len(dataset.names)
    if found.compared < of:
        told = f"Only the first {found.compared:,} images were compared with each other"
        st.caption(f":material/info: {told}{'' if count else ', and no two are nearly the same'}.")
    elif not count:
        st.caption(":material/check_circle: No two of them are nearly the same.")
    if not count:
        return
    _tell(count, of - count)
    if not data.lies_here(file):
        return
    near = [_pair(dataset, *pair) for pair in zip(found.firsts, found.rows, found.alike, strict=True)]
    if st.button(f"Leave out {amounts.count(count, 'image')}", icon=":material/filter_none:"):
        corrected_sets.make(file, dataset, [{pair["second"]: ""} for pair in near], CHOOSER)
    near_images.offer(file, dataset, near, CHOOSER)


def _pair(dataset: ImageDataset, first: int, second: int, alike: float) -> dict[str, Any]:
    names = {"first": dataset.names[first], "second": dataset.names[second]}
    return {**names, "alike": float(alike), "across": False}


def _tell(count: int, left: int) -> None:
    """How many there are; a warning where those that differ are too few."""
    told = f"**{amounts.count(count, 'image')}** {'is' if count == 1 else 'are'} nearly the same as another"
    if left >= LEAST_IMAGES:
        st.markdown(
            f":material/info: {told}, such as a photo saved twice. A duplicate counts twice in training."
        )
        return
    st.warning(
        f"{told}. Without {'it' if count == 1 else 'them'} {amounts.count(left, 'image')} would be left, "
        f"and a generator needs at least {LEAST_IMAGES}. Add other images.",
        icon=":material/warning:",
    )

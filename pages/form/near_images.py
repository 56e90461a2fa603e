"""Near-duplicate images, shown in pairs, with a choice of what to do about each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from pages.form import corrected_sets, seen_images
from pages.form.corrected_sets import Chooser
from pages.widgets import browser_images, keys, words
from studio.core.data import ImageDataset
from studio.core.data.relabel import Changes
from studio.core.tasks import File

MOST_SHOWN = 48  # pairs at a time
CARD = 168  # px
TITLE, ICON = "Choose what to do with near-duplicates", ":material/compare:"


@dataclass(frozen=True)
class Choice:
    """An option: its title and its changes."""

    title: str
    changes: Changes


def offer(file: File, dataset: ImageDataset, near: Sequence[Mapping[str, Any]], chooser: Chooser) -> None:
    """Shows the pairs in an expander, and lets the user correct them.

    Args:
        file: the data set.
        dataset: its images.
        near: pairs with `first`, `second`, `alike` and `across` (two classes).
        chooser: of the data set.
    """
    key = form_key(file)
    if near := available(dataset, near):
        with st.expander(TITLE, icon=ICON, key=keys.part(key, "near"), on_change="rerun") as box:
            if box.open:
                with st.form(key, border=False):
                    apply_button(file, dataset, pairs(dataset, near), chooser)


def form_key(file: File) -> str:
    """Returns the key of the form for corrections of a data set."""
    return f"correct_{file.digest[:12]}"


def available(dataset: ImageDataset, near: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Returns those of the first `MOST_SHOWN` pairs whose images are both in the data set."""
    names = set(dataset.names)
    return [pair for pair in near[:MOST_SHOWN] if pair["first"] in names and pair["second"] in names]


def apply_button(file: File, dataset: ImageDataset, changes: Sequence[Changes], chooser: Chooser) -> None:
    """Draws the submit button, which applies the changes of the form."""
    if st.form_submit_button("Apply", type="primary", icon=":material/check:"):
        corrected_sets.make(file, dataset, changes, chooser)


def pairs(dataset: ImageDataset, near: Sequence[Mapping[str, Any]]) -> list[Changes]:
    """Draws pairs with their options. Returns the selected changes."""
    rows = {name: row for row, name in enumerate(dataset.names)}
    with st.container(horizontal=True, gap="small"):
        return [_pair(dataset, rows, pair) for pair in near]


def _pair(dataset: ImageDataset, rows: Mapping[str, int], pair: Mapping[str, Any]) -> Changes:
    first, second = pair["first"], pair["second"]
    choices = [
        Choice("Keep both", {}),
        Choice("Remove the second", {second: ""}),
        Choice("Remove the first", {first: ""}),
    ]
    names = [PurePosixPath(name).name for name in (first, second)]
    if pair["across"]:
        first_class, second_class = (
            dataset.classes[dataset.known_labels[rows[name]]] for name in (first, second)
        )
        choices += [
            Choice(f"Move the first to {second_class}", {first: second_class}),
            Choice(f"Move the second to {first_class}", {second: first_class}),
            Choice("Remove both", {first: "", second: ""}),
        ]
        names = [first_class, second_class]
    caption = f"{' and '.join(names)}, {pair['alike']:.0%} alike"
    with st.container(width=CARD, gap="xsmall"):
        show(dataset, rows, caption, first, second)
        return choose(f"What to do with {first} and {second}", choices, 0, f"pair_{first}_{second}")


def show(dataset: ImageDataset, rows: Mapping[str, int], caption: str, *names: str) -> None:
    """Draws one image or two side by side, with a caption.

    Args:
        dataset: the images.
        rows: indices of the images, by name.
        caption: below the images.
        names: of the images to draw.
    """
    thumbnails = [seen_images.thumbnail(dataset.images[rows[name]]) for name in names]
    pair = np.concatenate(thumbnails, axis=1)
    browser_images.captioned(pair, width=CARD, caption=caption, alt=", ".join(names))


def choose(label: str, choices: Sequence[Choice], default: int, key: str) -> Changes:
    """Lets the user select an option. Returns its changes.

    Args:
        label: for screen readers.
        choices: the options.
        default: index of the preselected option.
        key: of the widget.
    """
    index = st.selectbox(
        words.plain(label),
        range(len(choices)),
        default,
        format_func=lambda n: words.plain(choices[n].title),
        label_visibility="collapsed",
        key=f"correct_{key}",
    )
    return choices[index].changes

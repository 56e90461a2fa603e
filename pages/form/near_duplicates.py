"""Pairs of near-duplicate images, with a choice of what to do about each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import streamlit as st

from pages.form import corrected_sets, data_set_preview
from pages.form.corrected_sets import Chooser
from pages.widgets import browser_images, keys, words
from studio.core.data import ImageDataset
from studio.core.data.relabel import Changes
from studio.core.tasks import File

MAX_PAIRS = 48  # pairs at a time
CARD_WIDTH = 168  # px
TITLE, ICON = "Choose what to do with near-duplicates", ":material/compare:"


@dataclass(frozen=True)
class Choice:
    """An option: its title and its changes."""

    title: str
    changes: Changes


def offer_corrections(
    file: File, dataset: ImageDataset, pairs: Sequence[Mapping[str, Any]], chooser: Chooser
) -> None:
    """Shows the pairs in an expander, with the changes to choose from.

    Args:
        file: the data set.
        dataset: its images.
        pairs: each with the names `first` and `second`, the similarity `alike` in [0, 1], and `across`:
            whether their classes differ.
        chooser: of the data set.
    """
    key = form_key(file)
    if pairs := list_available(dataset, pairs):
        with st.expander(TITLE, icon=ICON, key=keys.part(key, "near"), on_change="rerun") as box:
            if box.open:
                with st.form(key, border=False):
                    show_apply_button(file, dataset, ask_about_pairs(dataset, pairs), chooser)


def form_key(file: File) -> str:
    """Returns the key of the form for corrections of a data set."""
    return f"correct_{file.digest[:12]}"


def list_available(dataset: ImageDataset, pairs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Returns those of the first `MAX_PAIRS` pairs whose images are both in the data set."""
    names = set(dataset.names)
    return [pair for pair in pairs[:MAX_PAIRS] if pair["first"] in names and pair["second"] in names]


def show_apply_button(
    file: File, dataset: ImageDataset, changes: Sequence[Changes], chooser: Chooser
) -> None:
    """Draws the submit button, which applies the changes of the form."""
    if st.form_submit_button("Apply", type="primary", icon=":material/check:"):
        corrected_sets.apply_corrections(file, dataset, changes, chooser)


def ask_about_pairs(dataset: ImageDataset, pairs: Sequence[Mapping[str, Any]]) -> list[Changes]:
    """Draws pairs with their options. Returns the selected changes."""
    rows = {name: row for row, name in enumerate(dataset.names)}
    with st.container(horizontal=True, gap="small"):
        return [_ask_about_pair(dataset, rows, pair) for pair in pairs]


def _ask_about_pair(dataset: ImageDataset, rows: Mapping[str, int], pair: Mapping[str, Any]) -> Changes:
    first, second = pair["first"], pair["second"]
    choices = [
        Choice("Keep both", {}),
        Choice("Remove the second", {second: ""}),
        Choice("Remove the first", {first: ""}),
    ]
    names = [PurePosixPath(name).name for name in (first, second)]
    if pair["is_cross_class"] and dataset.multi_hot is None:
        first_class, second_class = (
            dataset.classes[dataset.known_labels[rows[name]]] for name in (first, second)
        )
        choices += [
            Choice(f"Move the first to {second_class}", {first: second_class}),
            Choice(f"Move the second to {first_class}", {second: first_class}),
            Choice("Remove both", {first: "", second: ""}),
        ]
        names = [first_class, second_class]
    caption = f"{' and '.join(names)}, {pair['similarity']:.0%} alike"
    with st.container(width=CARD_WIDTH, gap="xsmall"):
        show_images(dataset, rows, caption, first, second)
        return ask_changes(f"What to do with {first} and {second}", choices, 0, f"pair_{first}_{second}")


def show_images(dataset: ImageDataset, rows: Mapping[str, int], caption: str, *names: str) -> None:
    """Draws one image or two side by side, with a caption.

    Args:
        dataset: the images.
        rows: indices of the images, by name.
        caption: below the images.
        names: of the images to draw.
    """
    thumbnails = [data_set_preview.make_thumbnail(dataset.images[rows[name]]) for name in names]
    pair = np.concatenate(thumbnails, axis=1)
    browser_images.show_with_caption(pair, width=CARD_WIDTH, caption=caption, alt=", ".join(names))


def ask_changes(label: str, choices: Sequence[Choice], default: int, key: str) -> Changes:
    """Lets the user select an option. Returns its changes.

    Args:
        label: for screen readers.
        choices: the options.
        default: index of the preselected option.
        key: of the widget.
    """
    index = st.selectbox(
        words.escape(label),
        range(len(choices)),
        default,
        format_func=lambda n: words.escape(choices[n].title),
        label_visibility="collapsed",
        key=f"correct_{key}",
    )
    return choices[index].changes

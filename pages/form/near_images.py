"""Images that are nearly the same, next to each other, and what a user does about each two of them."""

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
    """What can be done: how it is told, and the changes that it is."""

    title: str
    changes: Changes


def offer(file: File, dataset: ImageDataset, near: Sequence[Mapping[str, Any]], chooser: Chooser) -> None:
    """Lets a user open the pairs and choose what becomes of each.

    Args:
        file: the data set.
        dataset: its images.
        near: pairs with `first`, `second`, `alike` and `across` (two classes).
        chooser: what the data set was chosen with.
    """
    key = form_key(file)
    if near := known(dataset, near):
        with st.expander(TITLE, icon=ICON, key=keys.part(key, "near"), on_change="rerun") as box:
            if box.open:
                with st.form(key, border=False):
                    apply_button(file, dataset, pairs(dataset, near), chooser)


def form_key(file: File) -> str:
    """What the form of a data set's corrections is called."""
    return f"correct_{file.digest[:12]}"


def known(dataset: ImageDataset, near: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of some pairs that are shown: the first `MOST_SHOWN` of which both images are there."""
    names = set(dataset.names)
    return [pair for pair in near[:MOST_SHOWN] if pair["first"] in names and pair["second"] in names]


def apply_button(file: File, dataset: ImageDataset, chosen: Sequence[Changes], chooser: Chooser) -> None:
    """Draws the button of a form that does what was chosen in it."""
    if st.form_submit_button("Apply", type="primary", icon=":material/check:"):
        corrected_sets.make(file, dataset, chosen, chooser)


def pairs(dataset: ImageDataset, near: Sequence[Mapping[str, Any]]) -> list[Changes]:
    """Draws pairs, each with what can become of it; gives what is chosen."""
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
    told = [PurePosixPath(name).name for name in (first, second)]
    if pair["across"]:
        one, other = (dataset.classes[dataset.known_labels[rows[name]]] for name in (first, second))
        choices += [
            Choice(f"Move the first to {other}", {first: other}),
            Choice(f"Move the second to {one}", {second: one}),
            Choice("Remove both", {first: "", second: ""}),
        ]
        told = [one, other]
    caption = f"{' and '.join(told)}, {pair['alike']:.0%} alike"
    with st.container(width=CARD, gap="xsmall"):
        show(dataset, rows, caption, first, second)
        return choose(f"What to do with {first} and {second}", choices, 0, f"pair_{first}_{second}")


def show(dataset: ImageDataset, rows: Mapping[str, int], caption: str, *names: str) -> None:
    """Draws one image or two next to each other, with a few words below.

    Args:
        rows: of the images, by their names.
    """
    found = [seen_images.small(dataset.images[rows[name]]) for name in names]
    pair = np.concatenate(found, axis=1)
    browser_images.captioned(pair, width=CARD, caption=caption, alt=", ".join(names))


def choose(label: str, choices: Sequence[Choice], at: int, key: str) -> Changes:
    """Lets a user choose what becomes of something; gives the changes that it is.

    Args:
        label: read to those who cannot see it.
        at: which is chosen at first.
    """
    chosen = st.selectbox(
        words.plain(label),
        range(len(choices)),
        at,
        format_func=lambda n: words.plain(choices[n].title),
        label_visibility="collapsed",
        key=f"correct_{key}",
    )
    return choices[chosen].changes

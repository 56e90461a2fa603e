"""What a user does about labels that look wrong and images that are nearly the same.

Each is kept, removed, or put into another class: see `pages.form.corrected_sets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.form import corrected_sets, data_set_input, near_images
from pages.form.corrected_sets import Chooser
from pages.form.near_images import CARD, Choice
from pages.widgets import keys
from studio.core.data import ImageDataset
from studio.core.data.relabel import Changes
from studio.core.tasks import File

MOST_SHOWN = 48  # labels at a time
MOST_CLASSES = 40  # of which each is offered to move to; else only the one that an image looks like
KEEP, MOVE, REMOVE = "Keep", "Move", "Remove"
_CHOOSER = Chooser("classify", data_set_input.chosen_now, data_set_input.choose_again, data_set_input.use)


def tell(file: File) -> None:
    """Says what was done to make an archive of another one, if it was here, and offers to undo it."""
    corrected_sets.tell(file, _CHOOSER)


def offer(
    file: File,
    dataset: ImageDataset,
    doubted: Sequence[Mapping[str, Any]],
    near: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Lets a user choose what becomes of each image that was named.

    Args:
        file: the data set.
        dataset: its images.
        doubted: labels that look wrong, as `audit.suspicious` has them.
        near: pairs that are nearly the same, as `audit.facts` has them.
    """
    rows = {name: row for row, name in enumerate(dataset.names)}
    doubted = [one for one in doubted[:MOST_SHOWN] if one["name"] in rows]
    if not doubted:
        near_images.offer(file, dataset, near, _CHOOSER)
        return
    near = near_images.known(dataset, near)
    first = _first()
    with st.form(keys.part(near_images.form_key(file), first), border=False):
        with st.container(horizontal=True, gap="small"):
            chosen = [_label(dataset, rows, one, first) for one in doubted]
        if near:
            with st.expander(near_images.TITLE, icon=near_images.ICON):
                chosen += near_images.pairs(dataset, near)
        near_images.apply_button(file, dataset, chosen, _CHOOSER)


def _first() -> str:
    """What is chosen at first for all labels at once."""
    ways = {KEEP: "Keep all", MOVE: "Move all", REMOVE: "Remove all"}
    return st.segmented_control(
        "Default action",
        list(ways),
        format_func=ways.__getitem__,
        default=KEEP,
        required=True,
        key="correct_first",
    )


def _label(dataset: ImageDataset, rows: Mapping[str, int], one: Mapping[str, Any], first: str) -> Changes:
    """One label that looks wrong; gives what is chosen."""
    name, label, looks_like = (one[key] for key in ("name", "label", "looks_like"))
    others = [known for known in dataset.classes if known not in (label, looks_like)]
    choices = [
        Choice(f"Keep as {label}", {}),
        Choice(f"Move to {looks_like}", {name: looks_like}),
        *(Choice(f"Move to {other}", {name: other}) for other in others[:MOST_CLASSES]),
        Choice("Remove", {name: ""}),
    ]
    at = {KEEP: 0, MOVE: 1, REMOVE: len(choices) - 1}[first]
    with st.container(width=CARD, gap="xsmall"):
        near_images.show(dataset, rows, f"{label}; predicted {looks_like}, {one['confidence']:.0%}", name)
        return near_images.choose(f"What to do with {name}", choices, at, f"label_{first}_{name}")

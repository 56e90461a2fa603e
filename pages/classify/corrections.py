"""Corrections of suspicious labels and near-duplicate images.

The user keeps, removes or moves each image: see `pages.form.corrected_sets`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.form import corrected_sets, data_set_input, near_duplicates
from pages.form.corrected_sets import Chooser
from pages.form.near_duplicates import CARD_WIDTH, Choice
from pages.widgets import keys
from studio.core.data import ImageDataset
from studio.core.data.relabel import Changes
from studio.core.tasks import File

MAX_LABELS_SHOWN = 48  # suspicious labels at a time
MAX_TARGET_CLASSES = 40  # offered as targets of a move, besides the predicted class
KEEP, MOVE, REMOVE = "Keep", "Move", "Remove"
_CHOOSER = Chooser(
    "classify", data_set_input.get_selection, data_set_input.restore, data_set_input.select_archive_next
)


def show_changes(file: File) -> None:
    """Shows the corrections that this archive contains, and offers to undo them."""
    corrected_sets.show_changes(file, _CHOOSER)


def offer_corrections(
    file: File,
    dataset: ImageDataset,
    suspicious: Sequence[Mapping[str, Any]],
    near: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Lets the user keep, move or remove each suspicious image.

    Args:
        file: the data set.
        dataset: its images.
        suspicious: entries of `studio.classify.data.audit.find_suspicious_labels`.
        near: near-duplicate pairs of `studio.classify.data.audit.describe`.
    """
    rows = {name: row for row, name in enumerate(dataset.names)}
    suspicious = [entry for entry in suspicious[:MAX_LABELS_SHOWN] if entry["name"] in rows]
    if not suspicious:
        near_duplicates.offer_corrections(file, dataset, near, _CHOOSER)
        return
    near = near_duplicates.list_available(dataset, near)
    default_action = _ask_default_action()
    with st.form(keys.part(near_duplicates.form_key(file), default_action), border=False):
        with st.container(horizontal=True, gap="small"):
            changes = [_ask_change(dataset, rows, entry, default_action) for entry in suspicious]
        if near:
            with st.expander(near_duplicates.TITLE, icon=near_duplicates.ICON):
                changes += near_duplicates.ask_about_pairs(dataset, near)
        near_duplicates.show_apply_button(file, dataset, changes, _CHOOSER)


def _ask_default_action() -> str:
    """Asks for the action that is preselected for all labels."""
    actions = {KEEP: "Keep all", MOVE: "Move all", REMOVE: "Remove all"}
    return st.segmented_control(
        "Default action",
        list(actions),
        format_func=actions.__getitem__,
        default=KEEP,
        required=True,
        key="correct_first",
    )


def _ask_change(
    dataset: ImageDataset, rows: Mapping[str, int], entry: Mapping[str, Any], default_action: str
) -> Changes:
    """Shows one suspicious label. Returns the chosen change."""
    name, label, looks_like = (entry[key] for key in ("name", "label", "looks_like"))
    other_classes = [class_name for class_name in dataset.classes if class_name not in (label, looks_like)]
    choices = [
        Choice(f"Keep as {label}", {}),
        Choice(f"Move to {looks_like}", {name: looks_like}),
        *(Choice(f"Move to {other}", {name: other}) for other in other_classes[:MAX_TARGET_CLASSES]),
        Choice("Remove", {name: ""}),
    ]
    default_index = {KEEP: 0, MOVE: 1, REMOVE: len(choices) - 1}[default_action]
    with st.container(width=CARD_WIDTH, gap="xsmall"):
        near_duplicates.show_images(
            dataset, rows, f"{label}; predicted {looks_like}, {entry['confidence']:.0%}", name
        )
        return near_duplicates.ask_changes(
            f"What to do with {name}", choices, default_index, f"label_{default_action}_{name}"
        )

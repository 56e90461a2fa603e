"""Corrections of a data set: a new archive is made and selected; "Undo" selects the previous one again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.form import data_set_input
from pages.widgets import keys, page_errors
from pages.widgets.owners import get_owner
from studio.core.data import ImageDataset, relabel
from studio.core.data.relabel import Changes
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine import quotas

_SUFFIX = " corrected"  # appended to the name of an archive


@dataclass(frozen=True)
class Chooser:
    """Access to the widget that selects a data set.

    Attributes:
        key: of the correction history in the session state.
        get_selection: returns the current selection.
        restore: selects an earlier selection; called from a callback.
        select_next: selects a stored archive as the user's own, from the next run of the page.
    """

    key: str
    get_selection: Callable[[], Any]
    restore: Callable[[Any], None]
    select_next: Callable[[File], None]


@dataclass(frozen=True)
class _Correction:
    """A correction, with the archive that it made and the selection before it."""

    message: str
    file: File
    previous_selection: Any


def show_changes(file: File, chooser: Chooser) -> None:
    """Shows the corrections that this tab made in an archive, if any, and offers to undo them."""
    history: list[_Correction] = st.session_state.get(_history_key(chooser), [])
    if not history or history[-1].file != file:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check_circle: {history[-1].message}.", width="content")
        st.button("Undo", type="tertiary", icon=":material/undo:", on_click=_undo_correction, args=(chooser,))
        data_set_input.show_download(file)


def apply_corrections(
    file: File, dataset: ImageDataset, corrections: Sequence[Changes], chooser: Chooser
) -> None:
    """Makes a corrected archive, selects it and reruns the page, or shows an error.

    Args:
        file: the data set.
        dataset: its images.
        corrections: changes per choice; an image that any of them removes is removed.
        chooser: of the data set.
    """
    changes: dict[str, str] = {}
    for image_changes in corrections:
        for name, new_class in image_changes.items():
            changes[name] = new_class if changes.get(name, new_class) else ""
    if not changes:
        st.info("Nothing was changed: all images stay as they are.", icon=":material/info:")
        return
    bar = st.progress(0.0, "Copying images")
    try:
        quotas.check_disk_quota(get_owner(), file.path.stat().st_size)
        archive = _write_corrected_archive(file, dataset, changes, bar)
    except StudioError as error:
        bar.empty()
        page_errors.show_error(error)
        return
    correction = _Correction(relabel.summarize(changes.values()), archive, chooser.get_selection())
    st.session_state[_history_key(chooser)] = [*st.session_state.get(_history_key(chooser), []), correction]
    chooser.select_next(archive)
    st.rerun()


def _write_corrected_archive(
    file: File, dataset: ImageDataset, changes: Mapping[str, str], bar: DeltaGenerator
) -> File:
    """Writes a copy of an archive with the changes applied. Returns the copy."""

    def show_progress(report: Report) -> None:
        bar.progress(report.share, report.text)

    return relabel.apply_changes(
        file, relabel.add_copies(changes, dataset), _archive_name(file), Progress(show_progress)
    )


def _archive_name(file: File) -> str:
    """Returns the name of the new archive: "shapes.tar.gz" -> "shapes corrected.zip"."""
    stem = file.name.partition(".tar")[0] if ".tar" in file.name else PurePath(file.name).stem
    return f"{stem.removesuffix(_SUFFIX)}{_SUFFIX}.zip"


def _undo_correction(chooser: Chooser) -> None:
    history: list[_Correction] = st.session_state[_history_key(chooser)]
    chooser.restore(history.pop().previous_selection)


def _history_key(chooser: Chooser) -> str:
    return keys.part(chooser.key, "corrected")

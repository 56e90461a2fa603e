"""Selects the training images: a sample set, or the user's own archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from pages.form import forms, input_store, problems, samples, tiles, uploads
from pages.widgets import page_errors, words
from studio.core import data
from studio.core.data import sample_sets
from studio.core.tasks import File

MAX_MB = 500
FILE_TYPES = ["zip", "tar", "tgz", "gz", "npz"]
KEY, OWN, LABEL = "images", "Your own", "Training images"
_SLOT, _ARCHIVE_KEY, _NEXT_KEY = "set", "set_file", "set_next"


@dataclass(frozen=True)
class DatasetChoice:
    """Training images: their title and the stored archive."""

    title: str
    file: File


def choose(
    other_choosers: Mapping[str, Callable[[], DatasetChoice | None]] = MappingProxyType({}),
    on_change: Callable[[], None] | None = None,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> DatasetChoice | None:
    """Asks for training images; the first sample set is preselected. Returns None while there are none.

    Args:
        other_choosers: functions that ask for images in other ways, by title.
        on_change: callback after another choice.
        notes: lines below the tiles, by title.
    """
    if next_selection := st.session_state.pop(_NEXT_KEY, None):
        restore(next_selection)
    sample_sets_by_title = {
        name.capitalize(): sample_set for name, sample_set in sample_sets.list_sets().items()
    }
    archive = restore_own_archive()
    input_store.store_files(_ARCHIVE_KEY, [archive] if archive else [])
    names = [*(sample_set.name for sample_set in sample_sets_by_title.values()), "own"]
    names += [title.replace(" ", "-").lower() for title in other_choosers]
    titles = [*sample_sets_by_title, OWN, *other_choosers]
    title = choose_set(
        titles,
        names,
        key=KEY,
        width=4.8 if other_choosers else 6.5,
        on_change=on_change,
        notes=[notes.get(title, "") for title in titles],
    )
    if title in other_choosers:
        return other_choosers[title]()
    if title in sample_sets_by_title:
        st.caption(f"{sample_sets_by_title[title].title} Drawn by the studio.")
        return DatasetChoice(title, store_sample(sample_sets_by_title[title].name))
    _ask_archive()
    if archive is None:
        st.caption(
            ":material/info: A zip with one folder per class, with a few dozen images in each. "
            "The folder names become the class names. If images have several labels or none: a `labels.csv` "
            "with the name of each image and its labels."
        )
        problems.note("Upload a zip with one folder per class or a labels.csv, or choose a sample.")
        return None
    st.caption(f":material/folder_zip: {words.escape(archive.name)}")
    return DatasetChoice(archive.name, archive)


@dataclass(frozen=True)
class Selection:
    """The selected title, and the user's own archive if there is one."""

    title: str
    archive: File | None


def restore_own_archive() -> File | None:
    """Returns the last archive that the user uploaded; None if there is none."""
    return next(iter(input_store.restore_files(_ARCHIVE_KEY, "dataset")), None)


def get_selection() -> Selection:
    """Returns the current selection, for `restore`."""
    return Selection(st.session_state.get(KEY, ""), restore_own_archive())


def restore(selection: Selection) -> None:
    """Restores an earlier selection. Call it from a callback."""
    st.session_state[KEY], st.session_state[_ARCHIVE_KEY] = (
        selection.title,
        [selection.archive] if selection.archive else [],
    )


def select(file: File) -> None:
    """Selects a sample set or a stored archive. Call it before the form is drawn."""
    titles = {sample_sets.PREFIX + name: name.capitalize() for name in sample_sets.list_sets()}
    title = titles.get(samples.command_name(file))
    restore(Selection(title, restore_own_archive()) if title else Selection(OWN, file))


def select_archive_next(file: File) -> None:
    """Selects a stored archive as the user's own, from the next run of the page."""
    st.session_state[_NEXT_KEY] = Selection(OWN, file)


def select_title_next(title: str) -> None:
    """Selects a title, from the next run of the page."""
    st.session_state[_NEXT_KEY] = Selection(title, restore_own_archive())


def show_download(file: File) -> None:
    """Offers a stored archive for download; it is read only after a click."""
    st.download_button(
        "Download",
        file.path.read_bytes,  # the path is checked now: the read runs in a thread without the page's user
        file.name,
        "application/zip",
        icon=":material/download:",
        type="tertiary",
        key="set_out",
        on_click="ignore",
    )


def choose_set(
    titles: Sequence[str],
    names: Sequence[str],
    *,
    key: str,
    label: str = LABEL,
    width: float = tiles.WIDTH,
    on_change: Callable[[], None] | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Asks for one of several data sets, shown as tiles; the first is preselected. Returns its title.

    Args:
        titles: of the data sets.
        names: of the data sets, in the file names of their thumbnails.
        key: of the widget and in the address.
        label: of the widget.
        width: minimum width of a tile, in rem.
        on_change: callback after another choice.
        notes: a line below each tile; "" for none.
    """
    forms.drop_stale_choice(key, titles)
    return tiles.show(
        label,
        titles,
        [samples.load_thumbnail(f"set-{name}") for name in names],
        default=titles[0],
        required=True,
        key=key,
        bind="query-params",
        width=width,
        on_change=on_change,
        notes=notes,
    )


def _ask_archive() -> None:
    help = (
        "One folder per class, or a labels.csv. Code in the archive is never run, and links in it are not "
        "followed"
    )
    label = "A zip, tar or npz from your device"
    uploads.ask(_SLOT, label, _store_archive, type=FILE_TYPES, max_upload_size=MAX_MB, help=help)
    page_errors.show_errors(_SLOT)


def _store_archive(body: bytes, name: str) -> None:
    file = File.store(body, "dataset", name)
    data.count_files(file)  # raises if the archive cannot be opened, before it replaces the previous one
    st.session_state[_ARCHIVE_KEY] = [file]


def store_sample(name: str) -> File:
    """Stores a sample set as an archive. Returns its file."""
    with st.spinner("Drawing the images ..."):  # only if it is not stored yet or any more
        return sample_sets.store(sample_sets.PREFIX + name)

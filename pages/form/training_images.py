"""Selects training images: a sample set, the user's own, the gallery's, or a set of TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.form import data_set_input, problems, samples, tfds_input, tiles, uploaded_images
from pages.form.corrected_sets import Chooser
from pages.widgets.owners import LOCAL, get_owner
from studio.core import amounts
from studio.core.data import builders, sample_sets
from studio.core.data.sample_sets import Collection
from studio.core.tasks import File
from studio.gallery import index
from studio.gallery.index import Filter

KEY, OWN, GALLERY, BY_NAME = "learn_from", "Your own", "Your gallery", "By name"
MAX_GALLERY_IMAGES = 2000  # images of the gallery
_WIDE_TILE = 5.6  # rem; at this width the tiles wrap evenly, not into four and one
_NEXT_KEY = "learn_from_next"


@dataclass(frozen=True)
class Source:
    """Training images.

    Attributes:
        file: the stored data set.
        sample: name of the sample set; "" for other data sets.
    """

    file: File
    sample: str = ""


def choose(
    sample_collections: Mapping[str, Collection],
    minimum: int,
    advice: str,
    label: str = data_set_input.LABEL,
    by_name: bool = False,
) -> Source | None:
    """Asks for training images; the first sample set is preselected. Returns None while there are none.

    Args:
        sample_collections: the sample sets, by name.
        minimum: minimum number of images.
        advice: shown while the user has no own images.
        label: of the widget.
        by_name: whether to offer data sets of TensorFlow Datasets. Only the local user gets them, because
            they may have to be downloaded.
    """
    if next_file := st.session_state.pop(_NEXT_KEY, None):
        _select_archive(next_file)
    uploaded_images.store_in_address()
    sets_by_title = {name.capitalize(): sample_set for name, sample_set in sample_collections.items()}
    titles, names = [*sets_by_title, OWN, GALLERY], [*sample_collections, "own", "gallery"]
    width = tiles.WIDTH
    if by_name and get_owner() == LOCAL:
        titles, names, width = [*titles, BY_NAME], [*names, "by-name"], _WIDE_TILE
    title = data_set_input.choose_set(titles, names, key=KEY, label=label, width=width)
    if title in sets_by_title:
        st.caption(sets_by_title[title].title)
        name = sets_by_title[title].name
        return Source(data_set_input.store_sample(name), name)
    if title == BY_NAME:
        file = tfds_input.choose()
    else:
        file = uploaded_images.ask(advice, minimum) if title == OWN else _ask_gallery_images(minimum)
    return Source(file) if file else None


def select(file: File, sets: Mapping[str, Collection]) -> None:
    """Selects a sample set or a stored data set. Call it before the form is drawn.

    Args:
        sets: the sample sets, by name.
    """
    titles = {sample_sets.PREFIX + name: name.capitalize() for name in sets}
    if title := titles.get(samples.command_name(file)):
        st.session_state[KEY] = title
    elif file.name.startswith(builders.PREFIX) and get_owner() == LOCAL:
        st.session_state[KEY] = BY_NAME
        st.session_state[tfds_input.KEY] = file.name.removeprefix(builders.PREFIX)
    else:
        _select_archive(file)


@dataclass(frozen=True)
class _Selection:
    """The selected title, and the selected upload."""

    title: str
    upload: str


def _get_selection() -> _Selection:
    return _Selection(st.session_state.get(KEY, ""), uploaded_images.restore_uploads().selected)


def _restore_selection(selection: _Selection) -> None:
    """Removes the corrected archive and restores the selection before it. A callback."""
    uploads = uploaded_images.restore_uploads()
    uploads.remove_selected()
    if selection.upload in uploads.titles():
        uploads.selected = selection.upload
    st.session_state[KEY] = selection.title


def _select_archive(file: File) -> None:
    uploaded_images.restore_uploads().add(file)
    st.session_state[KEY] = OWN


def _select_archive_next(file: File) -> None:
    st.session_state[_NEXT_KEY] = file


CHOOSER = Chooser("draw", _get_selection, _restore_selection, _select_archive_next)


def _ask_gallery_images(minimum: int) -> File | None:
    text = st.text_input(
        "Filter",
        key="gallery_words",
        bind="query-params",
        placeholder="all, or words such as mosaic",
        max_chars=200,
        help="Shows only images whose name, tags, date or settings contain all your words",
    )
    entries, total = index.find(Filter(kind="image", words=text or ""), get_owner(), MAX_GALLERY_IMAGES)
    if total < minimum:
        suffix = "with these words" if text else "yet"
        count = amounts.format_count(total, "image")
        problems.note(
            f"At least {minimum} images are needed; your gallery has {count} {suffix}. "
            "Make more, or choose others."
        )
        return None
    st.caption(
        f"The newest {MAX_GALLERY_IMAGES:,} of {total:,}."
        if total > MAX_GALLERY_IMAGES
        else f"{total:,} images."
    )
    return uploaded_images.pack("gallery", [entry.file for entry in entries])

"""Selects training images: a sample set, the user's own, the gallery's, or a set of TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from pages.form import data_set_input, image_input, named_sets, samples, uploaded_images
from pages.form.corrected_sets import Chooser
from pages.widgets.owners import LOCAL, owner
from studio.core import amounts
from studio.core.data import builders, sample_sets
from studio.core.data.sample_sets import Collection
from studio.core.tasks import File
from studio.gallery import index
from studio.gallery.index import Filter

KEY, OWN, GALLERY, BY_NAME = "learn_from", "Your own", "Your gallery", "By name"
MOST = 2000  # images of the gallery
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
    sets: Mapping[str, Collection],
    least: int,
    advice: str,
    label: str = data_set_input.LABEL,
    by_name: bool = False,
) -> Source | None:
    """Asks for training images; the first sample set is preselected. Returns None while there are none.

    Args:
        sets: the sample sets, by name.
        least: minimum number of images.
        advice: shown while the user has no own images.
        label: of the widget.
        by_name: whether to offer data sets of TensorFlow Datasets. Only the local user gets them, because
            they may have to be downloaded.
    """
    if next_file := st.session_state.pop(_NEXT_KEY, None):
        _use(next_file)
    uploaded_images.remember()
    sets_by_title = {name.capitalize(): sample_set for name, sample_set in sets.items()}
    titles, names, tile = [*sets_by_title, OWN, GALLERY], [*sets, "own", "gallery"], image_input.TILE
    if by_name and owner() == LOCAL:
        titles, names, tile = [*titles, BY_NAME], [*names, "by-name"], _WIDE_TILE
    title = data_set_input.choose_set(titles, names, key=KEY, label=label, tile=tile)
    if title in sets_by_title:
        st.caption(sets_by_title[title].title)
        name = sets_by_title[title].name
        return Source(data_set_input.sample(name), name)
    if title == BY_NAME:
        file = named_sets.choose()
    else:
        file = uploaded_images.ask(advice) if title == OWN else _from_gallery(least)
    return Source(file) if file else None


def put(file: File, sets: Mapping[str, Collection]) -> None:
    """Selects a sample set or a stored data set. Call it before the form is drawn.

    Args:
        sets: the sample sets, by name.
    """
    titles = {sample_sets.PREFIX + name: name.capitalize() for name in sets}
    if title := titles.get(samples.command_name(file)):
        st.session_state[KEY] = title
    elif file.name.startswith(builders.PREFIX) and owner() == LOCAL:
        st.session_state[KEY] = BY_NAME
        st.session_state[named_sets.KEY] = file.name.removeprefix(builders.PREFIX)
    else:
        _use(file)


@dataclass(frozen=True)
class _Selection:
    """The selected title, and the selected upload."""

    title: str
    upload: str


def _selection() -> _Selection:
    return _Selection(st.session_state.get(KEY, ""), uploaded_images.session_uploads().selected)


def _restore(selection: _Selection) -> None:
    """Removes the corrected archive and restores the selection before it. A callback."""
    uploads = uploaded_images.session_uploads()
    uploads.remove_selected()
    if selection.upload in uploads.titles():
        uploads.selected = selection.upload
    st.session_state[KEY] = selection.title


def _use(file: File) -> None:
    uploaded_images.session_uploads().add(file)
    st.session_state[KEY] = OWN


def _use_next(file: File) -> None:
    st.session_state[_NEXT_KEY] = file


CHOOSER = Chooser("draw", _selection, _restore, _use_next)


def _from_gallery(least: int) -> File | None:
    text = st.text_input(
        "Filter",
        key="gallery_words",
        bind="query-params",
        placeholder="all, or words such as mosaic",
        help="Finds images that have every word in their name, tags, date or settings",
    )
    entries, total = index.find(Filter(kind="image", words=text or ""), owner(), MOST)
    if total < least:
        suffix = "with these words" if text else "yet"
        count = amounts.format_count(total, "image")
        st.info(
            f"At least {least} images are needed; your gallery has {count} {suffix}. "
            "Make more, or choose others.",
            icon=":material/info:",
        )
        return None
    st.caption(f"The newest {MOST:,} of {total:,}." if total > MOST else f"{total:,} images.")
    return uploaded_images.pack("gallery", [entry.file for entry in entries])

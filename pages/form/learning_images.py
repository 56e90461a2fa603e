"""The images that a model learns from: a sample set, a user's own, or those of the gallery."""

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
from studio.gallery.index import Wanted

KEY, OWN, GALLERY, NAMED = "learn_from", "Your own", "Your gallery", "By name"
MOST = 2000  # images of the gallery
_IN_TWO_ROWS = 5.6  # rem of a tile, at which five are not four and a lonely one
_NEXT = "learn_from_next"


@dataclass(frozen=True)
class Source:
    """Images to learn from.

    Attributes:
        file: the kept data set.
        sample: the name of the sample set that it is, "" for others.
    """

    file: File
    sample: str = ""


def choose(
    offered: Mapping[str, Collection],
    least: int,
    advice: str,
    label: str = data_set_input.LABEL,
    named: bool = False,
) -> Source | None:
    """Asks for images, the first sample chosen already; None while there are none.

    Args:
        offered: the sample sets, by name.
        least: how many images there must be.
        advice: what is said to whoever is to bring their own.
        label: what is asked for.
        named: whether data sets of TensorFlow Datasets are offered, to whoever runs the studio: they may have
            to be fetched.
    """
    if wish := st.session_state.pop(_NEXT, None):
        _use(wish)
    uploaded_images.remember()
    known = {name.capitalize(): one for name, one in offered.items()}
    titles, names, tile = [*known, OWN, GALLERY], [*offered, "own", "gallery"], image_input.TILE
    if named and owner() == LOCAL:
        titles, names, tile = [*titles, NAMED], [*names, "by-name"], _IN_TWO_ROWS
    chosen = data_set_input.which(titles, names, key=KEY, label=label, tile=tile)
    if chosen in known:
        st.caption(known[chosen].title)
        name = known[chosen].name
        return Source(data_set_input.sample(name), name)
    if chosen == NAMED:
        file = named_sets.choose()
    else:
        file = uploaded_images.ask(advice) if chosen == OWN else _of_the_gallery(least)
    return Source(file) if file else None


def put(file: File, offered: Mapping[str, Collection]) -> None:
    """Chooses a sample set, or a kept data set as a user's own. Call it before the form is drawn.

    Args:
        offered: the sample sets, by name.
    """
    known = {sample_sets.PREFIX + name: name.capitalize() for name in offered}
    if way := known.get(samples.spelled(file)):
        st.session_state[KEY] = way
    elif file.name.startswith(builders.PREFIX) and owner() == LOCAL:
        st.session_state[KEY] = NAMED
        st.session_state[named_sets.KEY] = file.name.removeprefix(builders.PREFIX)
    else:
        _use(file)


@dataclass(frozen=True)
class _Chosen:
    """What is chosen: which way, and which set of what a user brought."""

    way: str
    brought: str


def _now() -> _Chosen:
    return _Chosen(st.session_state.get(KEY, ""), uploaded_images.brought().chosen)


def _again(chosen: _Chosen) -> None:
    """Chooses what was chosen before the archive that is chosen now was made; a callback."""
    mine = uploaded_images.brought()
    mine.drop()
    if chosen.brought in mine.titles():
        mine.chosen = chosen.brought
    st.session_state[KEY] = chosen.way


def _use(file: File) -> None:
    uploaded_images.brought().take(file)
    st.session_state[KEY] = OWN


def _use_next(file: File) -> None:
    st.session_state[_NEXT] = file


CHOOSER = Chooser("draw", _now, _again, _use_next)


def _of_the_gallery(least: int) -> File | None:
    text = st.text_input(
        "Which of them",
        key="gallery_words",
        bind="query-params",
        placeholder="all, or words such as mosaic",
        help="Searches names, tags, dates and settings for every word",
    )
    found, total = index.find(Wanted(kind="image", words=text or ""), owner(), MOST)
    if total < least:
        of_these = "with these words" if text else "yet"
        number = amounts.count(total, "image")
        st.info(
            f"At least {least} images are needed; your gallery has {number} {of_these}. "
            "Make more, or choose others.",
            icon=":material/info:",
        )
        return None
    st.caption(f"The newest {MOST:,} of {total:,}." if total > MOST else f"{total:,} images.")
    return uploaded_images.packed("gallery", [entry.file for entry in found])

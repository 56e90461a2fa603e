"""The pictures that a model learns from: a sample set, a person's own, or those of the gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from pages.form import data_set_input, loose_pictures, named_sets, picture_input, uploads
from pages.widgets import words
from pages.widgets.owners import LOCAL, owner
from studio.core import data
from studio.core.data.sample_sets import Collection
from studio.core.errors import InvalidInput
from studio.core.pictures import formats
from studio.core.tasks import File
from studio.gallery import index
from studio.gallery.index import Wanted

KEY, OWN, GALLERY, NAMED = "learn_from", "Your own", "Your gallery", "By name"
MOST = 2000  # loose pictures, or of the gallery
_SHOWN = 3  # names
_IN_TWO_ROWS = 5.6  # rem of a tile, at which five are not four and a lonely one
_SLOT, _ARCHIVE, _LOOSE, _PACKED = "draw", "draw_archive", "draw_loose", "draw_packed"


@dataclass(frozen=True)
class Source:
    """Pictures to learn from.

    Attributes:
        file: the kept data set.
        sample: the name of the sample set that it is, "" for others.
    """

    file: File
    sample: str = ""


def choose(
    samples: Mapping[str, Collection],
    least: int,
    advice: str,
    label: str = data_set_input.LABEL,
    named: bool = False,
) -> Source | None:
    """Asks for pictures, the first sample chosen already; None while there are none.

    Args:
        samples: that are offered, by name.
        least: how many pictures there must be.
        advice: what is said to whoever is to bring their own.
        label: what is asked for.
        named: whether data sets of TensorFlow Datasets are offered, to whoever runs the studio: they may have
            to be fetched.
    """
    known = {name.capitalize(): one for name, one in samples.items()}
    titles, names, tile = [*known, OWN, GALLERY], [*samples, "own", "gallery"], picture_input.TILE
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
        file = _own(advice) if chosen == OWN else _of_the_gallery(least)
    return Source(file) if file else None


def _own(advice: str) -> File | None:
    uploads.show_fault(_SLOT)
    folder = st.toggle("A whole folder", key="draw_folder")
    uploads.ask(
        _SLOT,
        "A folder from your device" if folder else "A zip, or many pictures, from your device",
        _take,
        type=picture_input.TAKEN if folder else [*data_set_input.TAKEN, *picture_input.TAKEN],
        accept_multiple_files="directory" if folder else True,
        max_upload_size=data_set_input.MOST_MB,
        help="Nothing in an archive is run, and no path in it is followed",
    )
    archive: File | None = st.session_state.get(_ARCHIVE)
    loose: dict[str, File] = st.session_state.get(_LOOSE, {})
    if archive is None and not loose:
        st.caption(f":material/info: {advice}")
        return None
    told = words.plain(archive.name) if archive else _listed([file.name for file in loose.values()])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/{'folder_zip' if archive else 'photo_library'}: {told}")
        st.button("Clear", type="tertiary", icon=":material/close:", on_click=_clear)
    return archive or _packed("pictures", list(loose.values()))


def _listed(names: Sequence[str]) -> str:
    """`["a.png", "b.png", "c.png", "d.png"]` -> "4 pictures: a.png, b.png, c.png and 1 more"."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    number = "1 picture" if len(names) == 1 else f"{len(names):,} pictures"
    return words.plain(f"{number}: {', '.join(names[:_SHOWN])}{more}")


def _take(body: bytes, name: str) -> None:
    """Loose pictures are gathered; an archive takes the place of all, and they of it."""
    if Path(name).suffix.lower() not in formats.ENDINGS:
        file = File.keep(body, "dataset", name)
        data.count(file)  # raises if it cannot be opened
        _clear()
        st.session_state[_ARCHIVE] = file
        return
    loose: dict[str, File] = st.session_state.setdefault(_LOOSE, {})
    if len(loose) >= MOST:
        raise InvalidInput(f"{name} is one too many: {MOST:,} at a time. Next: put them into a zip.")
    file = picture_input.keep(body, name)
    loose[file.digest] = file
    st.session_state.pop(_ARCHIVE, None)


def _clear() -> None:
    st.session_state.pop(_ARCHIVE, None)
    st.session_state.pop(_LOOSE, None)


def _of_the_gallery(least: int) -> File | None:
    text = st.text_input(
        "Which of them",
        key="gallery_words",
        bind="query-params",
        placeholder="all, or words such as mosaic",
        help="Names, tags, dates and settings; each word must be there",
    )
    found, total = index.find(Wanted(kind="picture", words=text or ""), owner(), MOST)
    if total < least:
        of_these = "with these words" if text else "yet"
        number = "1 picture" if total == 1 else f"{total:,} pictures"
        st.info(
            f"Expected at least {least} pictures; your gallery has {number} {of_these}. "
            "Next: make more, or choose others.",
            icon=":material/info:",
        )
        return None
    st.caption(f"The newest {MOST:,} of {total:,}." if total > MOST else f"{total:,} pictures.")
    return _packed("gallery", [entry.file for entry in found])


def _packed(name: str, files: Sequence[File]) -> File:
    members = {f"{number:05}-{file.name}": file for number, file in enumerate(files)}
    return loose_pictures.packed(f"{name}.zip", members, key=_PACKED)

"""Uploaded training images: archives and loose images, one set of which is selected.

A new upload does not replace earlier ones: they stay in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from pages.form import data_set_input, image_input, kept_inputs, loose_images, uploads
from pages.widgets import words
from studio.core import amounts, data
from studio.core.imaging import formats
from studio.core.tasks import File

MOST = 2000  # loose images
LOOSE = "loose"
_MOST_NAMES = 3  # file names shown
_SLOT, _UPLOADS_KEY, _SELECTED_KEY, _PACKED_KEY = "draw", "draw_uploads", "draw_which", "draw_packed"


@dataclass
class Uploads:
    """Uploads of a tab.

    Attributes:
        archives: by SHA-256, in the order of the uploads.
        loose: single images, by SHA-256.
        selected: the SHA-256 of an archive, LOOSE, or "" for nothing.
        too_many: images over the limit since the last error message.
    """

    archives: dict[str, File] = field(default_factory=dict)
    loose: dict[str, File] = field(default_factory=dict)
    selected: str = ""
    too_many: int = 0

    def titles(self) -> dict[str, str]:
        """Returns the unique title of each set, by its value of `selected`."""
        titles: dict[str, str] = {}
        for digest, file in self.archives.items():
            same = [other.name for other in self.archives.values()].count(file.name) > 1
            titles[digest] = f"{file.name} ({digest[:6]})" if same else file.name
        return titles | (
            {LOOSE: _file_list([file.name for file in self.loose.values()])} if self.loose else {}
        )

    def add(self, archive: File) -> None:
        """Adds an archive and selects it."""
        self.archives[archive.digest], self.selected = archive, archive.digest

    def remove_selected(self) -> None:
        """Removes the selected set and selects the last one left."""
        if self.selected == LOOSE:
            self.loose.clear()
        self.archives.pop(self.selected, None)
        self.selected = next(reversed(self.titles()), "")


def session_uploads() -> Uploads:
    """Returns the uploads of this tab."""
    return kept_inputs.restore(_UPLOADS_KEY, _read)


def remember() -> None:
    """Names the uploads in the address, also while other images are selected."""
    current = session_uploads()
    files = [kept_inputs.describe_files(list(files.values())) for files in (current.archives, current.loose)]
    kept_inputs.keep(_UPLOADS_KEY, [*files, current.selected] if any(files) else None)


def _read(value: Any) -> Uploads:
    """Returns the uploads of a `remember` value, without files that are gone."""
    archives, loose, selected = value if isinstance(value, list) and len(value) == 3 else ([], [], "")
    current = Uploads(
        {file.digest: file for file in kept_inputs.read_files(archives, "dataset")},
        {file.digest: file for file in kept_inputs.read_files(loose, "image")[:MOST]},
    )
    current.selected = (
        selected if selected in list(current.titles()) else next(reversed(current.titles()), "")
    )
    return current


def ask(advice: str) -> File | None:
    """Asks for archives and images. Returns the selected set as a stored archive; None if there is none.

    Args:
        advice: shown while there are no uploads.
    """
    uploads.show_fault(_SLOT)
    current = session_uploads()
    if current.too_many:
        left_out, current.too_many = current.too_many, 0
        st.error(
            f"The limit is {MOST:,} single images: {left_out:,} more were left out. Put all images into one "
            "zip and upload that.",
            icon=":material/error:",
        )
    folder = st.toggle("A whole folder", key="draw_folder")
    uploads.ask(
        _SLOT,
        "A folder from your device" if folder else "A zip, or many images, from your device",
        _take,
        type=image_input.TYPES if folder else [*data_set_input.TYPES, *image_input.TYPES],
        accept_multiple_files="directory" if folder else True,
        max_upload_size=data_set_input.MOST_MB,
        help="Code in an archive is never run, and links in it are not followed",
    )
    if not current.selected:
        st.caption(f":material/info: {advice}")
        return None
    _choose(current)
    if current.selected == LOOSE:
        return pack("images", list(current.loose.values()))
    return current.archives[current.selected]


def pack(name: str, files: Sequence[File]) -> File:
    """Packs stored images into an archive, cached per tab."""
    members = {f"{number:05}-{file.name}": file for number, file in enumerate(files)}
    return loose_images.pack(f"{name}.zip", members, key=_PACKED_KEY)


def _choose(current: Uploads) -> None:
    """Shows the selected set, and lets the user select one of several."""
    titles = current.titles()
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(titles) == 1:
            icon = "photo_library" if current.selected == LOOSE else "folder_zip"
            st.caption(f":material/{icon}: {words.plain(titles[current.selected])}")
        else:
            st.session_state[_SELECTED_KEY] = current.selected  # a callback may have changed the selection
            st.radio(
                "Choose which upload to train on",
                list(titles),
                format_func=lambda digest: words.plain(titles[digest]),
                key=_SELECTED_KEY,
                on_change=_use,
                help="To train on several uploads, put all their images into one zip",
                width="stretch",
            )
        help = f"Removes {words.plain(titles[current.selected])} from this list"
        st.button(
            "Clear", type="tertiary", icon=":material/close:", help=help, on_click=current.remove_selected
        )


def _use() -> None:
    session_uploads().selected = st.session_state[_SELECTED_KEY]


def _file_list(names: Sequence[str]) -> str:
    """`["a.png", "b.png", "c.png", "d.png"]` -> "4 images: a.png, b.png, c.png and 1 more"."""
    more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
    number = amounts.count(len(names), "image")
    return f"{number}: {', '.join(names[:_MOST_NAMES])}{more}"


def _take(body: bytes, name: str) -> None:
    """Adds an image to the loose ones, or an archive, and selects it."""
    current = session_uploads()
    if Path(name).suffix.lower() not in formats.ENDINGS:
        file = File.keep(body, "dataset", name)
        data.count_files(file)  # raises if it cannot be opened
        current.add(file)
        return
    if len(current.loose) >= MOST:
        current.too_many += 1
        return
    file = image_input.keep(body, name)
    current.loose[file.digest], current.selected = file, LOOSE

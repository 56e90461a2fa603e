"""Uploaded training images: archives and loose images, one set of which is selected.

A new upload does not replace earlier ones: they stay in the list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from pages.form import data_set_input, image_input, input_store, loose_images, problems, uploads
from pages.widgets import page_errors, words
from studio.core import amounts, data
from studio.core.imaging import formats
from studio.core.tasks import File

MAX_LOOSE = 2000  # loose images
LOOSE = "loose"
_MAX_NAMES = 3  # file names shown
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
            is_ambiguous = [other.name for other in self.archives.values()].count(file.name) > 1
            titles[digest] = f"{file.name} ({digest[:6]})" if is_ambiguous else file.name
        return titles | (
            {LOOSE: _describe_files([file.name for file in self.loose.values()])} if self.loose else {}
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


def restore_uploads() -> Uploads:
    """Returns the uploads of this tab."""
    return input_store.restore(_UPLOADS_KEY, _parse_uploads)


def store_in_address() -> None:
    """Stores the list of uploads and names it in the address, also while other images are selected."""
    current = restore_uploads()
    files = [input_store.describe_files(list(files.values())) for files in (current.archives, current.loose)]
    input_store.store(_UPLOADS_KEY, [*files, current.selected] if any(files) else None)


def _parse_uploads(value: Any) -> Uploads:
    """Returns the uploads of a `store_in_address` value, without deleted files."""
    archives, loose, selected = value if isinstance(value, list) and len(value) == 3 else ([], [], "")
    current = Uploads(
        {file.digest: file for file in input_store.read_files(archives, "dataset")},
        {file.digest: file for file in input_store.read_files(loose, "image")[:MAX_LOOSE]},
    )
    current.selected = (
        selected if selected in list(current.titles()) else next(reversed(current.titles()), "")
    )
    return current


def ask(advice: str, minimum: int) -> File | None:
    """Asks for archives and images. Returns the selected set as a stored archive; None if there is none.

    Returns None after showing an error if single images are selected, but too few.

    Args:
        advice: shown while there are no uploads.
        minimum: least number of single images.
    """
    page_errors.show_errors(_SLOT)
    current = restore_uploads()
    if current.too_many:
        left_out, current.too_many = current.too_many, 0
        st.error(
            f"The limit is {MAX_LOOSE:,} single images: {left_out:,} more were left out. "
            "Put all images into one zip and upload that.",
            icon=":material/error:",
        )
    is_folder = st.toggle("A whole folder", key="draw_folder")
    uploads.ask(
        _SLOT,
        "A folder from your device" if is_folder else "A zip, or many images, from your device",
        _add_upload,
        type=image_input.FILE_TYPES if is_folder else [*data_set_input.FILE_TYPES, *image_input.FILE_TYPES],
        accept_multiple_files="directory" if is_folder else True,
        max_upload_size=data_set_input.MAX_MB,
        help="Code in an archive is never run, and links in it are not followed",
    )
    if not current.selected:
        st.caption(f":material/info: {advice}")
        problems.note(f"Upload a zip or at least {minimum} images, or choose a sample.")
        return None
    _show_selection(current)
    if current.selected == LOOSE and len(current.loose) < minimum:
        count_text = amounts.format_count(len(current.loose), "image")
        problems.show(f"Only {count_text}: use at least {minimum}. Add more, or upload a zip.")
        return None
    if current.selected == LOOSE:
        return pack("images", list(current.loose.values()))
    return current.archives[current.selected]


def pack(name: str, files: Sequence[File]) -> File:
    """Packs stored images into an archive, cached per tab."""
    members = {f"{number:05}-{file.name}": file for number, file in enumerate(files)}
    return loose_images.pack(f"{name}.zip", members, key=_PACKED_KEY)


def _show_selection(current: Uploads) -> None:
    """Shows the selected set, and lets the user select one of several."""
    titles = current.titles()
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(titles) == 1:
            icon = "photo_library" if current.selected == LOOSE else "folder_zip"
            st.caption(f":material/{icon}: {words.escape(titles[current.selected])}")
        else:
            st.session_state[_SELECTED_KEY] = current.selected  # a callback may have changed the selection
            st.radio(
                "Choose which upload to train on",
                list(titles),
                format_func=lambda digest: words.escape(titles[digest]),
                key=_SELECTED_KEY,
                on_change=_store_selection,
                help="To train on several uploads, put all their images into one zip",
                width="stretch",
            )
        help = f"Removes {words.escape(titles[current.selected])} from this list"
        st.button(
            "Clear", type="tertiary", icon=":material/close:", help=help, on_click=current.remove_selected
        )


def _store_selection() -> None:
    restore_uploads().selected = st.session_state[_SELECTED_KEY]


def _describe_files(names: Sequence[str]) -> str:
    """`["a.png", "b.png", "c.png", "d.png"]` -> "4 images: a.png, b.png, c.png and 1 more"."""
    remainder = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    number = amounts.format_count(len(names), "image")
    return f"{number}: {', '.join(names[:_MAX_NAMES])}{remainder}"


def _add_upload(body: bytes, name: str) -> None:
    """Adds an image to the loose ones, or an archive, and selects it."""
    current = restore_uploads()
    if Path(name).suffix.lower() not in formats.EXTENSIONS:
        file = File.store(body, "dataset", name)
        data.count_files(file)  # raises if it cannot be opened
        current.add(file)
        return
    if len(current.loose) >= MAX_LOOSE:
        current.too_many += 1
        return
    file = image_input.store_image(body, name)
    current.loose[file.digest], current.selected = file, LOOSE

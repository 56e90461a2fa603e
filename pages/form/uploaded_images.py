"""Images to learn from that a user brings: archives and loose images, one set of which is chosen.

Nothing takes the place of anything: what came before stays in the list, one click away.
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
_SHOWN = 3  # names
_SLOT, _BROUGHT, _WHICH, _PACKED = "draw", "draw_uploads", "draw_which", "draw_packed"


@dataclass
class Brought:
    """What a user brought in this tab.

    Attributes:
        archives: by their digests, in the order in which they came.
        loose: images that came one by one, by their digests.
        chosen: the digest of an archive, LOOSE, or "" for nothing.
        too_many: how many images found no room since that was last said.
    """

    archives: dict[str, File] = field(default_factory=dict)
    loose: dict[str, File] = field(default_factory=dict)
    chosen: str = ""
    too_many: int = 0

    def titles(self) -> dict[str, str]:
        """What each set is called, by what `chosen` would be; no two are called the same."""
        found: dict[str, str] = {}
        for digest, file in self.archives.items():
            same = [other.name for other in self.archives.values()].count(file.name) > 1
            found[digest] = f"{file.name} ({digest[:6]})" if same else file.name
        return found | ({LOOSE: _listed([file.name for file in self.loose.values()])} if self.loose else {})

    def take(self, archive: File) -> None:
        """Adds an archive, and chooses it."""
        self.archives[archive.digest], self.chosen = archive, archive.digest

    def drop(self) -> None:
        """Takes off what is chosen, and chooses what came before it."""
        if self.chosen == LOOSE:
            self.loose.clear()
        self.archives.pop(self.chosen, None)
        self.chosen = next(reversed(self.titles()), "")


def brought() -> Brought:
    """What was brought in this tab."""
    return kept_inputs.restore(_BROUGHT, _read)


def remember() -> None:
    """Lets the address name it, whatever else is chosen now."""
    mine = brought()
    files = [kept_inputs.describe_files(list(some.values())) for some in (mine.archives, mine.loose)]
    kept_inputs.keep(_BROUGHT, [*files, mine.chosen] if any(files) else None)


def _read(value: Any) -> Brought:
    """What `remember` kept, without the files that are gone since."""
    archives, loose, chosen = value if isinstance(value, list) and len(value) == 3 else ([], [], "")
    mine = Brought(
        {file.digest: file for file in kept_inputs.read_files(archives, "dataset")},
        {file.digest: file for file in kept_inputs.read_files(loose, "image")[:MOST]},
    )
    mine.chosen = chosen if chosen in list(mine.titles()) else next(reversed(mine.titles()), "")
    return mine


def ask(advice: str) -> File | None:
    """Asks for archives and images; gives the chosen ones as a kept archive, None while there are none.

    Args:
        advice: what is said to whoever is to bring some.
    """
    uploads.show_fault(_SLOT)
    mine = brought()
    if mine.too_many:
        left, mine.too_many = mine.too_many, 0
        st.error(
            f"The limit is {MOST:,} single images: {left:,} more were left out. Put all images into one zip "
            "and upload that.",
            icon=":material/error:",
        )
    folder = st.toggle("A whole folder", key="draw_folder")
    uploads.ask(
        _SLOT,
        "A folder from your device" if folder else "A zip, or many images, from your device",
        _take,
        type=image_input.TAKEN if folder else [*data_set_input.TAKEN, *image_input.TAKEN],
        accept_multiple_files="directory" if folder else True,
        max_upload_size=data_set_input.MOST_MB,
        help="No code in an archive is run, and no links are followed",
    )
    if not mine.chosen:
        st.caption(f":material/info: {advice}")
        return None
    _choose(mine)
    if mine.chosen == LOOSE:
        return packed("images", list(mine.loose.values()))
    return mine.archives[mine.chosen]


def packed(name: str, files: Sequence[File]) -> File:
    """Kept images as one archive, made once in this tab for the same ones."""
    members = {f"{number:05}-{file.name}": file for number, file in enumerate(files)}
    return loose_images.packed(f"{name}.zip", members, key=_PACKED)


def _choose(mine: Brought) -> None:
    """Says what is learned from; of several sets a user chooses one."""
    titles = mine.titles()
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(titles) == 1:
            icon = "photo_library" if mine.chosen == LOOSE else "folder_zip"
            st.caption(f":material/{icon}: {words.plain(titles[mine.chosen])}")
        else:
            st.session_state[_WHICH] = mine.chosen  # a callback may have chosen since the widget was drawn
            st.radio(
                "Choose which upload to train on",
                list(titles),
                format_func=lambda one: words.plain(titles[one]),
                key=_WHICH,
                on_change=_use,
                help="To train on several uploads, put all their images into one zip",
                width="stretch",
            )
        help = f"Removes {words.plain(titles[mine.chosen])} from this list"
        st.button("Clear", type="tertiary", icon=":material/close:", help=help, on_click=mine.drop)


def _use() -> None:
    brought().chosen = st.session_state[_WHICH]


def _listed(names: Sequence[str]) -> str:
    """`["a.png", "b.png", "c.png", "d.png"]` -> "4 images: a.png, b.png, c.png and 1 more"."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    number = amounts.count(len(names), "image")
    return f"{number}: {', '.join(names[:_SHOWN])}{more}"


def _take(body: bytes, name: str) -> None:
    """Loose images are gathered, archives stay next to them; what came last is chosen."""
    mine = brought()
    if Path(name).suffix.lower() not in formats.ENDINGS:
        file = File.keep(body, "dataset", name)
        data.count(file)  # raises if it cannot be opened
        mine.take(file)
        return
    if len(mine.loose) >= MOST:
        mine.too_many += 1
        return
    file = image_input.keep(body, name)
    mine.loose[file.digest], mine.chosen = file, LOOSE

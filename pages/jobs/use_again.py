"""Where an image continues: as an input of this page or of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from pages.form import image_input
from pages.jobs.navigation import PLACES, leave_for
from pages.widgets import keys
from studio.core.tasks import File


class Use(NamedTuple):
    """A place where an image can be an input.

    Attributes:
        file: of the page.
        slot: the key of its choices there.
        own: the title that the image gets there.
        many: whether several can be chosen.
        opens: what else has to be chosen there, by the key of its widget.
        called: what the menu calls it; "" for the slot and the page.
    """

    file: str
    slot: str
    own: str
    many: bool = False
    opens: tuple[tuple[str, str], ...] = ()
    called: str = ""


# A new page that takes images adds a line.
USES = (
    Use("style_photo.py", "content", "Your photo", opens=(("work", "paint"), ("what", "photo"))),
    Use("style_photo.py", "style", "Your style", many=True, opens=(("work", "paint"),)),
    Use("dream_photo.py", "content", "Your photo"),
    Use("dream_photo.py", "guide", "Your guide"),
    Use("enhance_photo.py", "content", "Your photo", opens=(("what", "photo"),), called="Enlarge"),
    Use("colorize_photo.py", "content", "Your photo", opens=(("what", "photo"),), called="Colorize"),
    Use("colorize_photo.py", "examples", "Your example"),
    Use("playground_photo.py", "content", "Your photo"),
    Use("xray_photo.py", "content", "Your photo"),
    Use("generate_faces.py", "photo", "Your photo"),
    Use("classify_images.py", "image", "Your image", opens=(("half", "try"),), called="Image in Classify"),
)


def menu(keep: Callable[[], File], *, key: str) -> None:
    """A menu of those places; a click puts the image there and opens the page.

    Args:
        keep: gives the image as a kept file.
    """
    there = {place.file: place for place in PLACES}
    with st.popover("Use as", icon=":material/redo:"):
        for number, use in enumerate(use for use in USES if use.file in there):
            place = there[use.file]
            st.button(
                use.called or f"{use.slot.capitalize()} in {place.title}",
                key=keys.part(key, f"use_{number}"),
                icon=place.icon,
                width="stretch",
                on_click=_put,
                args=(use, keep),
            )


def _put(use: Use, keep: Callable[[], File]) -> None:
    if use.many and not isinstance(st.session_state.get(use.slot), list):
        st.session_state[use.slot] = []
    image_input.use(use.slot, keep(), use.own)
    for name, value in use.opens:
        st.session_state[name] = value
    leave_for(use.file)

"""Uses an image as an input of a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from pages.form import image_input
from pages.jobs.navigation import PAGES, request_page
from pages.widgets import keys
from studio.core.tasks import File
from studio.run import own_images


class Use(NamedTuple):
    """An input that takes an image.

    Attributes:
        page_file: of the page, next to frame.py.
        slot: key of the input.
        title: of the image among the options.
        many: whether several images can be selected.
        opens: values to set in other widgets, by key.
        role: of the image on the page, in the menu; "" where the page takes only one image.
    """

    page_file: str
    slot: str
    title: str
    many: bool = False
    opens: tuple[tuple[str, str], ...] = ()
    role: str = ""


# A new page that takes images adds a line.
USES = (
    Use(
        "style_photo.py",
        "content",
        "Your photo",
        opens=(("work", "paint"), ("what", "photo")),
        role="content",
    ),
    Use("style_photo.py", "style", "Your style", many=True, opens=(("work", "paint"),), role="style"),
    Use("dream_photo.py", "content", "Your photo", role="content"),
    Use("dream_photo.py", "guide", "Your guide", role="guide"),
    Use("enhance_photo.py", "content", "Your photo", opens=(("what", "photo"),)),
    Use("colorize_photo.py", "content", "Your photo", opens=(("what", "photo"),), role="content"),
    Use("colorize_photo.py", "examples", "Your example", role="example"),
    Use("restore_photo.py", "content", "Your photo"),
    Use("chain_steps.py", "content", "Your photo", role="content"),
    Use("chain_steps.py", "like", "Your result", role="steps"),
    Use("playground_photo.py", "content", "Your photo"),
    Use("xray_photo.py", "content", "Your photo"),
    Use("generate_faces.py", "photo", "Your photo"),
    Use("classify_images.py", "image", "Your image", opens=(("half", "try"),)),
)


def show_menu(store: Callable[[], File], *, key: str) -> None:
    """Draws a menu of `USES`; a choice sets the image as that input and opens the page.

    Args:
        store: stores the image and returns its file.
        key: of the menu.
    """
    menu_key = keys.part(key, "use")
    uses = {
        f"{page.icon} {page.title}{use.role and ': '}{use.role}": use
        for use in USES
        for page in PAGES
        if page.file == use.page_file
    }
    if st.menu_button(
        "Use as",
        list(uses),
        icon=":material/redo:",
        key=menu_key,
        on_click=lambda: send_to_page(uses[st.session_state[menu_key]], store),
    ):
        st.rerun()  # of the whole page, which opens the other one: the menu may be in a fragment


def find(page_file: str, slot: str) -> Use:
    """Returns the input of a page with this key."""
    return next(use for use in USES if (use.page_file, use.slot) == (page_file, slot))


def send_to_page(use: Use, store: Callable[[], File]) -> None:
    """Sets an image as an input of a page, and opens that page. Call it from a callback."""
    if use.many and not isinstance(st.session_state.get(use.slot), list):
        st.session_state[use.slot] = []
    file = store()
    own_images.add(file)
    image_input.add_and_select(use.slot, file, image_input.title_of(file.name) or use.title)
    for name, value in use.opens:
        st.session_state[name] = value
    request_page(use.page_file)

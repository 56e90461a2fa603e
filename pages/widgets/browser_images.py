"""Images as the browser gets them: small enough to travel fast, large enough for the screen."""

from __future__ import annotations

import base64
import html
import io
from typing import Any, Literal

import streamlit as st
from PIL import Image

from pages.widgets import owners, words
from studio.core.imaging import image_io
from studio.core.tasks import File

LONGEST = 1600
WIDEST = 1460  # px that `st.image` takes

Form = Literal["WEBP", "JPEG"]
_SAVED = {"WEBP": {"quality": 90, "method": 2}, "JPEG": {"quality": 92, "subsampling": 0}}


@owners.cached(max_entries=64)
def of_file(digest: str, size: tuple[int, int] | None = None, form: Form = "WEBP") -> bytes:
    """A kept image, of `size` (width, height) if given, at most LONGEST px; a JPEG at most WIDEST."""
    return _encoded(image_io.read(File(digest, "image", "").path), size, form)


@st.cache_data(max_entries=32, show_spinner=False)
def of_bytes(data: bytes, form: Form = "WEBP") -> bytes:
    """As `of_file`, from the bytes of an image."""
    return _encoded(image_io.read(data), None, form)


def image(source: File | bytes, **options: Any) -> None:
    """`st.image`, with what it hands on as it is: all but such a JPEG it would encode again at every rerun.

    See `captioned` for its caption.
    """
    if isinstance(source, File):
        captioned(of_file(source.digest, form="JPEG"), width="stretch", **options)
    else:
        captioned(of_bytes(source, form="JPEG"), width="stretch", **options)


def captioned(source: Any, *, caption: str = "", **options: Any) -> None:
    """`st.image` with a caption of plain text, which `st.image` itself would read as Markdown.

    The one way to a caption that is not a constant: it may hold the name of a user's file, and Markdown there
    would load images of other sites.

    Args:
        source, options: as `st.image` takes them.
        caption: also read to those who cannot see the image, unless `alt` says otherwise.
    """
    st.image(source, **{"caption": words.plain(caption) or None, "alt": caption or None, **options})


def moving(data: bytes, caption: str) -> None:
    """Draws an image that another one replaces within moments, such as what a network has learned so far.

    It travels with the page. `st.image` would give its address alone, and the server forgets the image as
    soon as the next one is there: a browser that is late would show that it is broken.

    Args:
        data: a WebP.
        caption: also read to those who cannot see it.
    """
    told = html.escape(caption)
    tag = f'<img alt="{told}" src="{address(data)}">'
    st.html(f'<figure class="moving">{tag}<figcaption>{told}</figcaption></figure>')


def address(data: bytes, form: Literal["webp", "png"] = "webp") -> str:
    """An image as an address that holds it, so that no server has to be asked for it."""
    return f"data:image/{form};base64,{base64.b64encode(data).decode()}"


def content(file: File) -> None:
    """Draws the image that something is made from, until there is a result.

    `css` finds it by its `alt` and keeps it no taller than the window: two may stand in one page, so that no
    container around it could have a key.
    """
    image(file, caption="The content, before the first step")


def _encoded(pixels, size: tuple[int, int] | None, form: Form) -> bytes:
    resized = Image.fromarray(pixels)
    if size is not None:
        way = Image.Resampling.BICUBIC if size[0] > resized.width else Image.Resampling.LANCZOS
        resized = resized.resize(size, way)
    most = WIDEST if form == "JPEG" else LONGEST
    resized.thumbnail((most, LONGEST))
    buffer = io.BytesIO()
    resized.save(buffer, form, **_SAVED[form])
    return buffer.getvalue()

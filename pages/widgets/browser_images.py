"""Images for the browser: small enough to load fast, large enough for the screen."""

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

LONGEST = 1600  # px of the longer side
WIDEST = 1460  # px: largest width that `st.image` does not scale down

Form = Literal["WEBP", "JPEG"]
_SAVE_OPTIONS = {"WEBP": {"quality": 90, "method": 2}, "JPEG": {"quality": 92, "subsampling": 0}}


@owners.cached(max_entries=64)
def of_file(digest: str, size: tuple[int, int] | None = None, form: Form = "WEBP") -> bytes:
    """Returns a stored image encoded for the browser.

    Args:
        digest: SHA-256 of the image.
        size: (width, height) in px to scale it to; None keeps its size.
        form: format. The longer side is at most LONGEST px, the width of a JPEG at most WIDEST.
    """
    return _encode(image_io.read(File(digest, "image", "").path), size, form)


@st.cache_data(max_entries=32, show_spinner=False)
def of_bytes(data: bytes, form: Form = "WEBP") -> bytes:
    """Returns an image encoded for the browser at its own size, from its bytes. See `of_file`."""
    return _encode(image_io.read(data), None, form)


def image(source: File | bytes, **options: Any) -> None:
    """Draws an image as a JPEG that `st.image` passes through; anything else it would encode at every rerun.

    Args:
        source: a stored file, or the bytes of an image.
        options: see `captioned`.
    """
    if isinstance(source, File):
        captioned(of_file(source.digest, form="JPEG"), width="stretch", **options)
    else:
        captioned(of_bytes(source, form="JPEG"), width="stretch", **options)


def captioned(source: Any, *, caption: str = "", **options: Any) -> None:
    """Draws `st.image` with a caption of plain text, which `st.image` itself would read as Markdown.

    Use it for every caption that is not a constant: it may contain a file name, and Markdown in it could load
    images from other sites.

    Args:
        source, options: arguments of `st.image`.
        caption: text below the image, also its `alt` text unless `options` have one.
    """
    st.image(source, **{"caption": words.plain(caption) or None, "alt": caption or None, **options})


def moving(data: bytes, caption: str) -> None:
    """Draws an image that is soon replaced, such as the current output of a network in training.

    The page contains the image itself. With `st.image` it would contain a link, and the server deletes the
    image when the next one arrives: a slow browser would show a broken image.

    Args:
        data: a WebP.
        caption: text below the image, also its `alt` text.
    """
    text = html.escape(caption)
    tag = f'<img alt="{text}" src="{address(data)}">'
    st.html(f'<figure class="moving">{tag}<figcaption>{text}</figcaption></figure>')


def address(data: bytes, form: Literal["webp", "png"] = "webp") -> str:
    """Returns an image as a data URL, so the browser needs no request for it."""
    return f"data:image/{form};base64,{base64.b64encode(data).decode()}"


def content(file: File) -> None:
    """Draws the input image until there is a result.

    The style sheet finds it by its `alt` text and limits its height to the window. A container with a key
    would not do, because a page may show two such images.
    """
    image(file, caption="The content, before the first step")


def _encode(pixels, size: tuple[int, int] | None, form: Form) -> bytes:
    resized = Image.fromarray(pixels)
    if size is not None:
        resampling = Image.Resampling.BICUBIC if size[0] > resized.width else Image.Resampling.LANCZOS
        resized = resized.resize(size, resampling)
    widest = WIDEST if form == "JPEG" else LONGEST
    resized.thumbnail((widest, LONGEST))
    buffer = io.BytesIO()
    resized.save(buffer, form, **_SAVE_OPTIONS[form])
    return buffer.getvalue()

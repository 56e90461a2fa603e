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

MAX_SIDE = 1600  # px of the longer side
MAX_WIDTH = 1460  # px: largest width that `st.image` does not scale down

ImageFormat = Literal["WEBP", "JPEG"]
_JPEG_OPTIONS = {"quality": 92, "subsampling": 0}


@owners.cached(max_entries=64)
def encode_file(
    digest: str, size: tuple[int, int] | None = None, image_format: ImageFormat = "WEBP"
) -> bytes:
    """Returns a stored image encoded for the browser.

    Args:
        digest: SHA-256 of the image.
        size: (width, height) in px to scale it to; None keeps its size.
        image_format: the longer side is at most `MAX_SIDE` px, the width of a JPEG at most `MAX_WIDTH` px.
    """
    return _resize_and_encode(image_io.read(File(digest, "image", "").read()), size, image_format)


@st.cache_data(max_entries=32, show_spinner=False)
def encode_bytes(data: bytes, image_format: ImageFormat = "WEBP") -> bytes:
    """Returns an image encoded for the browser at its own size, from its bytes. See `encode_file`."""
    return _resize_and_encode(image_io.read(data), None, image_format)


def show_image(source: File | bytes, **options: Any) -> None:
    """Draws an image as a JPEG, which `st.image` need not encode again at every rerun.

    Args:
        source: a stored file, or the bytes of an image.
        options: see `show_with_caption`.
    """
    if isinstance(source, File):
        show_with_caption(encode_file(source.digest, image_format="JPEG"), width="stretch", **options)
    else:
        show_with_caption(encode_bytes(source, image_format="JPEG"), width="stretch", **options)


def show_with_caption(source: Any, *, caption: str = "", **options: Any) -> None:
    """Draws `st.image` with a caption of plain text, which `st.image` itself would read as Markdown.

    Use it for every caption that is not a constant: it may contain a file name, and Markdown in it could load
    images from other sites.

    Args:
        source, options: arguments of `st.image`.
        caption: text below the image, also its `alt` text unless `options` have one.
    """
    st.image(source, **{"caption": words.escape(caption) or None, "alt": caption or None, **options})


def show_changing_image(data: bytes, caption: str) -> None:
    """Draws an image that is soon replaced, such as the current output of a network in training.

    The page contains the image itself. With `st.image` it would contain a link, and the server deletes the
    image when the next one arrives: a slow browser would show a broken image.

    Args:
        data: a WebP.
        caption: text below the image, also its `alt` text.
    """
    text = html.escape(caption)
    image_html = f'<img alt="{text}" src="{to_data_url(data)}">'
    st.html(f'<figure class="moving">{image_html}<figcaption>{text}</figcaption></figure>')


def to_data_url(data: bytes, image_format: Literal["webp", "png"] = "webp") -> str:
    """Returns an image as a data URL, so the browser needs no request for it."""
    return f"data:image/{image_format};base64,{base64.b64encode(data).decode()}"


def show_content(file: File) -> None:
    """Draws the input image, while there is no result yet.

    The style sheet finds it by its `alt` text and limits its height to the window. A container with a key
    would not do, because a page may show two such images.
    """
    show_image(file, caption="The content, before the first step")


def _resize_and_encode(pixels, size: tuple[int, int] | None, image_format: ImageFormat) -> bytes:
    resized = Image.fromarray(pixels)
    if size is not None:
        resampling = Image.Resampling.BICUBIC if size[0] > resized.width else Image.Resampling.LANCZOS
        resized = resized.resize(size, resampling)
    max_width = MAX_WIDTH if image_format == "JPEG" else MAX_SIDE
    resized.thumbnail((max_width, MAX_SIDE))
    if image_format == "WEBP":
        return encode_webp(resized)
    buffer = io.BytesIO()
    resized.save(buffer, image_format, **_JPEG_OPTIONS)
    return buffer.getvalue()


def encode_webp(image: Any, quality: int = 90) -> bytes:
    """Returns a PIL image, or pixels as `(H, W) uint8` or `(H, W, 3) uint8`, as a WebP."""
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()

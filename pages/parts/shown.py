"""Pictures as the browser gets them: small enough to travel fast, large enough for the screen."""

from __future__ import annotations

import io

import streamlit as st
from PIL import Image

from studio.core import images
from studio.core.tasks import File

LONGEST = 1600


@st.cache_data(max_entries=64, show_spinner=False)
def of_file(digest: str, size: tuple[int, int] | None = None) -> bytes:
    """A kept picture as WebP, of `size` (width, height) if given, at most LONGEST px."""
    return _webp(images.read(File(digest, "picture", "").path), size)


@st.cache_data(max_entries=16, show_spinner=False)
def of_bytes(data: bytes) -> bytes:
    """As `of_file`, from the bytes of a picture."""
    return _webp(images.read(data), None)


def content(file: File) -> None:
    """Draws the picture that something is made from, until there is more to see."""
    st.image(of_file(file.digest), width="stretch", caption="The content, before the first step")


def _webp(pixels, size: tuple[int, int] | None) -> bytes:
    picture = Image.fromarray(pixels)
    if size is not None:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    picture.thumbnail((LONGEST, LONGEST))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=90, method=2)
    return buffer.getvalue()

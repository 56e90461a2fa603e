"""Loose images as one archive, which everything takes that takes a data set."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import streamlit as st

from studio.core.imaging import image_io
from studio.core.tasks import File

LONGEST = 512  # px of an image in it, unless more is asked for
_DAY = (1980, 1, 1, 0, 0, 0)  # of all of them, so that the same images are the same archive


def packed(name: str, members: Mapping[str, File], *, key: str, longest: int = LONGEST) -> File:
    """Kept images as one archive, made once in this tab for the same ones.

    Args:
        name: of the archive.
        members: the images by their paths in it.
        key: of the session state that remembers the last one.
        longest: px of the longer side; larger ones are made smaller.
    """
    asked = (name, longest, [(path, file.digest) for path, file in members.items()])
    known, made = st.session_state.get(key, (None, None))
    if known != asked or not made.here:
        with st.spinner("Collecting the images ..."):
            made = File.keep(_zipped(members, longest), "dataset", name)
        st.session_state[key] = asked, made
    return made


def _zipped(members: Mapping[str, File], longest: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for path, file in members.items():
            archive.writestr(zipfile.ZipInfo(path, _DAY), smaller(file.read(), longest))
    return body.getvalue()


def smaller(data: bytes, longest: int) -> bytes:
    """An image of at most so many px a side: as it is, or made smaller."""
    if max(image_io.size(data)) <= longest:
        return data
    return image_io.encode_preview(image_io.read(data), longest)

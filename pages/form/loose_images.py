"""Packs loose images into an archive, which works as a data set."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import streamlit as st

from studio.core.imaging import image_io
from studio.core.tasks import File

MAX_SIDE = 512  # default limit of the longer side, in px
_DATE = (1980, 1, 1, 0, 0, 0)  # constant, so that the same images give the same archive


def pack(name: str, members: Mapping[str, File], *, key: str, longest: int = MAX_SIDE) -> File:
    """Packs stored images into an archive, cached per tab.

    Args:
        name: of the archive.
        members: the images, by their paths in the archive.
        key: of the cache in the session state.
        longest: limit of the longer side, in px; larger images are scaled down.
    """
    request = (name, longest, [(path, file.digest) for path, file in members.items()])
    previous, archive = st.session_state.get(key, (None, None))
    if previous != request or not archive.is_available:
        with st.spinner("Collecting the images ..."):
            archive = File.store(_zip(members, longest), "dataset", name)
        st.session_state[key] = request, archive
    return archive


def _zip(members: Mapping[str, File], longest: int) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for path, file in members.items():
            archive.writestr(zipfile.ZipInfo(path, _DATE), limit_size(file.read(), longest))
    return body.getvalue()


def limit_size(data: bytes, longest: int) -> bytes:
    """Returns an image file unchanged, or scaled down to `longest` px on the longer side."""
    if max(image_io.read_size(data)) <= longest:
        return data
    return image_io.encode_preview(image_io.read(data), longest)

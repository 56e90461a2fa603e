"""Classifiers that a person brings as `.keras` files: taken, looked over, and told in one line."""

from __future__ import annotations

import io
from collections.abc import Callable

import streamlit as st

from pages.form import uploads
from pages.widgets import owners
from studio.classify.models import brought
from studio.core.errors import StudioError
from studio.core.tasks import File

MOST_MB = 500
_SLOT, _MINE, _NEW = "model", "models_mine", "models_new"
_HELP = (
    "A picture classifier that Keras saved: one input (height, width, 3 or 1), two classes or more. It is "
    "given levels from 0 to 255; what else it needs, such as Rescaling, must be in it. Nothing in it is run."
)


def mine() -> dict[str, File]:
    """Those that this tab has brought, by their digest."""
    return st.session_state.setdefault(_MINE, {})


def take(choose: Callable[[str], None]) -> None:
    """Looks over what was uploaded just now, in a process of its own, before anything else is drawn.

    Args:
        choose: called with the digest of one that is good.
    """
    file: File | None = st.session_state.pop(_NEW, None)
    if file is None:
        return
    try:
        with st.spinner("Looking the model over; this takes a while ..."):
            known(file)
    except StudioError as error:
        uploads.blame(_SLOT, str(error))
        return
    mine()[file.digest] = file
    choose(file.digest)


def ask() -> None:
    """Takes an upload, and says what is wrong with the last one."""
    with uploads.popover(_SLOT, "Bring a model", ":material/upload_file:"):
        label = "A .keras file from your device"
        uploads.ask(_SLOT, label, _take, type=["keras"], max_upload_size=MOST_MB, help=_HELP)
    uploads.fault(_SLOT)  # what was found later, when it is closed


def _take(data: bytes, name: str) -> None:
    brought.check(io.BytesIO(data), name)
    st.session_state[_NEW] = File.keep(data, "model", name)


@owners.cached(max_entries=8)
def known(file: File) -> brought.Known:
    """What a brought classifier is. Raises `InvalidInput` if it cannot be taken."""
    return brought.known(file)


def about(found: brought.Known) -> str:
    """What it is, in one line."""
    count, (height, width) = len(found.classes), found.size
    first = ", ".join(found.classes[:4]) + (" ..." if count > 4 else "")
    return f"Yours: {count:,} classes ({first}); it is given pictures of {width} × {height} px."

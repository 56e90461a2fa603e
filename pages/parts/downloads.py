"""Weights that the studio fetches once: which are here, and how large the others are."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.parts import words
from studio.core import weights
from studio.core.errors import StudioError
from studio.core.weights import Status


def missing(names: Collection[str]) -> list[Status]:
    """The weights among `names` that would be fetched first."""
    return [found for found in map(weights.status, dict.fromkeys(names)) if not found.cached]


def sizes(found: Collection[Status]) -> str:
    """What a fetch takes, e.g. "AdaIN (30 MB)"."""
    return " and ".join(
        f"{status.title} ({words.size(status.download_bytes)})" if status.download_bytes else status.title
        for status in found
    )


def first_run(names: Collection[str]) -> None:
    """What the first runs will fetch of these weights; nothing when all are here."""
    absent = missing(names)
    if absent:
        st.info(
            f"On first use the studio fetches {sizes(absent)}, checks every byte and keeps it. "
            "After that no network is needed.",
            icon=":material/download:",
        )


def all_weights() -> None:
    """Every file of weights, whether it is here, and how to get it."""
    st.subheader("Weights", anchor=False)
    for name in weights.names():
        found = weights.status(name)
        with st.container(border=True, gap="xsmall"):
            if found.cached:
                st.markdown(f":material/check_circle: **{found.title}**, here, {words.size(found.bytes)}")
            else:
                size = words.size(found.download_bytes) if found.download_bytes else "size not known"
                st.markdown(f":material/cloud_download: **{found.title}**, not here yet, {size}")
            what = weights.entry(name).what
            st.caption(f"{what[:1].upper()}{what[1:]}")
            if not found.cached:
                offer(found)


def offer(absent: Status) -> None:
    """A button that fetches weights now, and the command that does the same."""
    st.caption("It is fetched when first needed, or now, here or in a terminal:")
    st.code(f"studio weights pull {absent.name}", language="shell")
    if not st.button("Fetch now", key=f"fetch_{absent.name}", icon=":material/download:"):
        return
    with st.spinner(f"Fetching {absent.title} and checking every byte ..."):
        problem = fetch(absent.name)
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
    else:
        st.rerun()


def fetch(name: str) -> str:
    """Fetches weights and waits for it.

    Returns:
        "" when they are here, else one sentence on what went wrong.
    """
    try:
        weights.fetch(name)
    except StudioError as error:
        return str(error)
    return ""

"""Weights that the studio fetches once: which are here, and how large the others are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import streamlit as st

from pages.parts import words
from studio.core import weights
from studio.core.weights import Status

ROOT = Path(__file__).resolve().parents[2]


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
    """Fetches weights and waits for it, in a process of its own since converting them loads Keras.

    Returns:
        "" when they are here, else one sentence on what went wrong.
    """
    command = [sys.executable, "-m", "studio", "weights", "pull", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == 0:
        return ""
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    return said[-1].removeprefix("error: ") if said else "The fetch ended without a word. Next: try again."

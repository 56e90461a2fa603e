"""The images of a data set as a model would see them, before it learns from them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import browser_images, words
from studio.core.data import ImageDataset
from studio.core.imaging import grids, image_io

SHOWN, COLUMNS = 48, 12
SMALL = 112  # px


def sides(dataset: ImageDataset) -> str:
    """How large they are: "96 to 512 px"."""
    least, most = dataset.sizes.min(1).min(), dataset.sizes.min(1).max()
    return f"{least:,} px" if least == most else f"{least:,} to {most:,} px"


def small(image: np.ndarray) -> np.ndarray:
    """One of them to be named: `(h, w, 3 or 1) uint8` -> `(SMALL, SMALL, 3) uint8`."""
    color = Image.fromarray(image.squeeze()).convert("RGB")
    return np.asarray(color.resize((SMALL, SMALL), Image.Resampling.BILINEAR))


def show(dataset: ImageDataset, told: str, notes: Iterable[str] = ()) -> None:
    """Draws some of them, spread evenly, then what is to be known of them, one sentence each.

    Args:
        told: what is seen.
        notes: of the page, after those of the data set.
    """
    rows = np.linspace(0, len(dataset.images) - 1, min(SHOWN, len(dataset.images))).round().astype(int)
    some = dataset.images[np.unique(rows)]
    scale = max(1, 96 // some.shape[1])
    image = image_io.encode_preview(grids.grid(some, COLUMNS, scale), browser_images.WIDEST)
    browser_images.captioned(image, width="stretch", caption=told)
    for note in (*map(words.plain, dataset.notes), *notes):
        st.caption(f":material/info: {note}")

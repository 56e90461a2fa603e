"""Previews of a data set at the size that a model gets, before training."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import browser_images, words
from studio.core.data import ImageDataset
from studio.core.imaging import grids, image_io

IMAGE_COUNT, COLUMNS = 48, 12  # images in a preview, and in a row of it
THUMBNAIL_SIDE = 112  # px


def describe_sides(dataset: ImageDataset) -> str:
    """Returns the range of the shorter sides: "96 to 512 px"."""
    smallest, largest = dataset.sizes.min(1).min(), dataset.sizes.min(1).max()
    return f"{smallest:,} px" if smallest == largest else f"{smallest:,} to {largest:,} px"


def make_thumbnail(image: np.ndarray) -> np.ndarray:
    """Returns a thumbnail: `(h, w, 3 or 1) uint8` -> `(THUMBNAIL_SIDE, THUMBNAIL_SIDE, 3) uint8`."""
    color = Image.fromarray(image.squeeze()).convert("RGB")
    return np.asarray(color.resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR))


def show(dataset: ImageDataset, caption: str, notes: Iterable[str] = ()) -> None:
    """Draws `IMAGE_COUNT` evenly spaced images, then the notes.

    Args:
        dataset: the images.
        caption: below the images.
        notes: of the page, shown after those of the data set.
    """
    rows = np.linspace(0, len(dataset.images) - 1, min(IMAGE_COUNT, len(dataset.images))).round().astype(int)
    subset = dataset.images[np.unique(rows)]
    scale = max(1, 96 // subset.shape[1])
    image = image_io.encode_preview(grids.make_grid(subset, COLUMNS, scale), browser_images.MAX_WIDTH)
    browser_images.show_with_caption(image, width="stretch", caption=caption)
    for note in (*map(words.escape, dataset.notes), *notes):
        st.caption(f":material/info: {note}")

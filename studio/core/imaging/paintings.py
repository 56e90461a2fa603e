"""Sample paintings for style transfer, drawn by `training.drawings`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core.errors import unknown

if TYPE_CHECKING:
    import numpy as np

FOLDER = Path(__file__).parents[1] / "samples" / "paintings"


@dataclass(frozen=True)
class Painting:
    """A sample painting; its image is the file of its name in FOLDER."""

    name: str
    title: str
    description: str


_PAINTINGS = (
    Painting("stained_glass", "Stained glass", "A leaded window: glowing panes round a low sun."),
    Painting("brush_strokes", "Brush strokes", "Thick, swirling strokes of oil: wheat, hills and wind."),
    Painting("mosaic", "Mosaic", "Small stones, laid along the outlines of three fish and the sand below."),
    Painting("woodcut", "Woodcut", "Carved lines in black ink on cream, and one red sun."),
    Painting("wash", "Wash", "Watercolor: wet edges, blooms and grains on rough paper."),
    Painting("halftone", "Halftone", "Pop art in printed dots, bold shapes and thick outlines."),
    Painting("dots", "Dots", "Pure colors side by side that mix in the eye: sails at dawn."),
    Painting("fans", "Fans", "Art deco: fans of enamel, drawn in worn gold."),
)


def list_paintings() -> dict[str, Painting]:
    """Lists the sample paintings by name, in display order, without reading images."""
    return {painting.name: painting for painting in _PAINTINGS}


def read_painting(name: str) -> np.ndarray:
    """Reads a sample painting.

    Args:
        name: one of `list_paintings()`.

    Returns:
        `(512, 640, 3) uint8`.

    Raises:
        InvalidInput: if there is no such painting; suggests the closest name.
    """
    from studio.core.imaging import image_io

    samples = list_paintings()
    if name not in samples:
        raise unknown("sample style", name, samples)
    return image_io.read(FOLDER / f"{name}.avif")

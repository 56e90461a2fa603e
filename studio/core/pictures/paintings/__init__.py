"""Sample styles that the studio draws itself, each with its own strokes, palette and texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from studio.core import paths
from studio.core.errors import InvalidInput, invalid, unknown
from studio.core.tasks import imported

if TYPE_CHECKING:
    import numpy as np

SIZE = (512, 640)
LEAST_SIDE, MOST_SIDE = 64, 2048


@dataclass(frozen=True)
class Painting:
    """One sample style as plain data; the module of its name draws it."""

    name: str
    title: str
    description: str
    size: tuple[int, int] = SIZE


_PAINTINGS = (
    Painting("stained_glass", "Stained glass", "A leaded window: glowing panes round a low sun."),
    Painting("brush_strokes", "Brush strokes", "Thick, swirling strokes of oil: wheat, hills and wind."),
    Painting("mosaic", "Mosaic", "Small stones, laid along the outlines of three fish and the sand below."),
    Painting("woodcut", "Woodcut", "Carved lines in black ink on cream, and one red sun."),
    Painting("wash", "Wash", "Watercolour: wet edges, blooms and grains on rough paper."),
    Painting("halftone", "Halftone", "Pop art in printed dots, bold shapes and thick outlines."),
    Painting("dots", "Dots", "Pure colours side by side that mix in the eye: sails at dawn."),
    Painting("fans", "Fans", "Art deco: fans of enamel, drawn in worn gold."),
)


def paintings() -> dict[str, Painting]:
    """The sample styles by name, in the order to show them; draws nothing."""
    return {painting.name: painting for painting in _PAINTINGS}


def draw(name: str, seed: int = 0, size: tuple[int, int] | None = None) -> np.ndarray:
    """Draws a sample style, or reads it from the cache of an earlier drawing.

    Args:
        name: one of `paintings()`.
        seed: of every random draw; the same one gives the same bytes.
        size: `(H, W)` in px; the painting's own when none is given.

    Returns:
        `(H, W, 3) uint8`.

    Raises:
        InvalidInput: if there is no such painting (the message names the closest) or no such size.
    """
    from studio.core.pictures import images

    painting = _get(name)
    height, width = size or painting.size
    if not all(LEAST_SIDE <= side <= MOST_SIDE for side in (height, width)):
        raise invalid(
            "size",
            expected=f"sides of {LEAST_SIDE} to {MOST_SIDE} px",
            received=f"{width} x {height} px",
        )
    kept = paths.folder("cache") / f"painting-{name}-{seed}-{height}x{width}-{_version()}.png"
    picture = _read(kept)
    if picture is None or picture.shape != (height, width, 3):
        picture = imported(f"studio.core.pictures.paintings.{name}:draw")(seed, (height, width))
        paths.write(kept, images.encode_png(picture))
    return picture


def _get(name: str) -> Painting:
    known = paintings()
    if name in known:
        return known[name]
    raise unknown("sample style", name, known)


def _read(path: Path) -> np.ndarray | None:
    from studio.core.pictures import images

    try:
        return images.read(path)
    except InvalidInput:
        return None  # missing or damaged: it is drawn again


@cache
def _version() -> str:
    """Names the code that draws, so that a changed brush never shows an old picture."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return paths.digest(b"".join(source.read_bytes() for source in sources))[:12]

"""A contact sheet: a grid of images, each with a label below."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.imaging.thumbnails import INK, PAPER

SIDE, GAP, LINE = 320, 16, 26  # px
_FONT = 17
_EMPTY = "#dcd9cf"


def draw_sheet(
    images: Sequence[np.ndarray | None], labels: Sequence[str], columns: int | None = None
) -> np.ndarray:
    """Draws a contact sheet.

    Args:
        images: `(H, W, 3) uint8` of any size, resized to fit; None leaves a cell empty.
        labels: a label for each image.
        columns: cells per row; None makes the sheet nearly square.

    Returns:
        `(H, W, 3) uint8`.
    """
    columns = columns or math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    height = max((_fit(image.shape)[1] for image in images if image is not None), default=SIDE)
    across, down = SIDE + GAP, height + LINE + GAP
    sheet = Image.new("RGB", (columns * across + GAP, rows * down + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        left, top = GAP + number % columns * across, GAP + number // columns * down
        if image is None:
            draw.rectangle((left, top, left + SIDE - 1, top + height - 1), _EMPTY)
        else:
            size = _fit(image.shape)
            resized = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
            sheet.paste(resized, (left + (SIDE - size[0]) // 2, top + (height - size[1]) // 2))
        draw.text((left, top + height + 4), _cut(label, font), INK, font)
    return np.asarray(sheet)


def _fit(shape: Sequence[int]) -> tuple[int, int]:
    """Returns width and height of an image scaled to SIDE px on its longer side."""
    height, width = shape[:2]
    scale = SIDE / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _cut(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Shortens a label to the width of a cell."""
    if font.getlength(label) <= SIDE:
        return label
    while label and font.getlength(f"{label}…") > SIDE:
        label = label[:-1]
    return f"{label}…"

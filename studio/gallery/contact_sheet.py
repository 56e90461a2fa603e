"""A contact sheet: a grid of images, each with a label below."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.imaging.thumbnails import INK, PAPER

SIDE, GAP, LINE_HEIGHT = 320, 16, 26  # px
_FONT_SIZE = 17
_EMPTY_COLOR = "#dcd9cf"


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
    image_height = max((_fit_size(image.shape)[1] for image in images if image is not None), default=SIDE)
    cell_width, cell_height = SIDE + GAP, image_height + LINE_HEIGHT + GAP
    sheet = Image.new("RGB", (columns * cell_width + GAP, rows * cell_height + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(_FONT_SIZE)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        left, top = GAP + number % columns * cell_width, GAP + number // columns * cell_height
        if image is None:
            draw.rectangle((left, top, left + SIDE - 1, top + image_height - 1), _EMPTY_COLOR)
        else:
            size = _fit_size(image.shape)
            resized = Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)
            sheet.paste(resized, (left + (SIDE - size[0]) // 2, top + (image_height - size[1]) // 2))
        draw.text((left, top + image_height + 4), _truncate(label, font), INK, font)
    return np.asarray(sheet)


def _fit_size(shape: Sequence[int]) -> tuple[int, int]:
    """Returns width and height of an image scaled to SIDE px on its longer side."""
    height, width = shape[:2]
    scale = SIDE / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _truncate(label: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Shortens a label to the width of a cell."""
    if font.getlength(label) <= SIDE:
        return label
    while label and font.getlength(f"{label}…") > SIDE:
        label = label[:-1]
    return f"{label}…"

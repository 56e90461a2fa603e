"""Pictures that stand for what is no picture: the first lines of a text, the sign of a model that writes."""

from __future__ import annotations

import textwrap

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.tasks import File

SIDE = 320  # px
_PAPER, _INK, _BLUE = "#eeece4", "#22252b", "#3046b0"
_COLUMNS, _ROWS = 17, 9
_READ = 2000  # bytes


def of(file: File) -> np.ndarray:
    """`(SIDE, SIDE, 3) uint8`, for a kept text or model."""
    if file.kind == "model":
        return _sign()
    with file.path.open("rb") as opened:
        return page(opened.read(_READ).decode("utf-8", "ignore"))


def page(text: str) -> np.ndarray:
    """`(SIDE, SIDE, 3) uint8`: the first lines of a text."""
    lines = [row for line in text.split("\n") for row in textwrap.wrap(line, _COLUMNS) or [""]]
    picture = Image.new("RGB", (SIDE, SIDE), _PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(SIDE // 11)
    for number, line in enumerate(lines[:_ROWS]):
        draw.text((SIDE // 16, SIDE // 16 + number * SIDE // 10), line, _INK, font)
    return np.asarray(picture)


def _sign() -> np.ndarray:
    picture = Image.new("RGB", (SIDE, SIDE), _PAPER)
    middle = SIDE // 2
    font = ImageFont.load_default(SIDE * 9 // 20)
    ImageDraw.Draw(picture).text((middle, middle), "Aa", _BLUE, font, anchor="mm")
    return np.asarray(picture)

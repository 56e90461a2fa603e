"""Pictures that stand for what is no picture: the first lines of a text, the sign of a model that writes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pages.parts.paper import LEVELS
from studio.core.tasks import File

SIDE = 320  # px
_PAPER, _INK, _BLUE = "#eeece4", "#22252b", "#3046b0"
_COLUMNS, _ROWS = 17, 9
_READ = 2000  # bytes
_WIDE, _EDGE, _LINE = (480, 360), 22, 39  # px
_FAINT, _SHADES = "#85837d", ("#eeece4", "#f0e2cc", "#eccc9f", "#e6b468", "#dd972f")


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


def marked(before: str, text: str, nats: Sequence[float]) -> Image.Image:
    """The first lines of a text with the model's surprise by each character, as the page marks it."""
    picture = Image.new("RGB", _WIDE, _PAPER)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_LINE * 16 // 25)
    for at, (x, y, character) in enumerate(_set(before + text, font)):
        if character and at >= len(before):
            level = sum(nats[at - len(before)] >= least for least in LEVELS)
            right, foot = x + font.getlength(character), y + _LINE - 10
            draw.rectangle((x, y + 1, right, foot + level), _INK)  # of which the line below is left
            draw.rectangle((x, y + 1, right, foot), _SHADES[level])
        draw.text((x, y), character, _INK if at >= len(before) else _FAINT, font)
    return picture


def _set(text: str, font: ImageFont.FreeTypeFont) -> Iterator[tuple[float, int, str]]:
    """Where each character stands; one that ends a line has no width."""
    x, y = _EDGE, _EDGE - 4
    for at, character in enumerate(text):
        word = text[at + 1 :].partition("\n")[0].partition(" ")[0]
        ends = character == "\n"
        ends |= character == " " and x + font.getlength(f" {word}") > _WIDE[0] - _EDGE
        yield x, y, "" if ends else character
        x, y = (_EDGE, y + _LINE) if ends else (x + font.getlength(character), y)


def _sign() -> np.ndarray:
    picture = Image.new("RGB", (SIDE, SIDE), _PAPER)
    middle = SIDE // 2
    font = ImageFont.load_default(SIDE * 9 // 20)
    ImageDraw.Draw(picture).text((middle, middle), "Aa", _BLUE, font, anchor="mm")
    return np.asarray(picture)

"""Images of texts for tiles: each character is marked by its negative log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFont

from pages.widgets.marked_text import LEVELS
from studio.core.imaging.thumbnails import INK, PAPER

_WIDE, _EDGE, _LINE = (480, 360), 22, 39  # px
_FAINT, _SHADES = "#85837d", ("#eeece4", "#f0e2cc", "#eccc9f", "#e6b468", "#dd972f")


def draw_marked(before: str, text: str, nats: Sequence[float]) -> Image.Image:
    """Draws the first lines of a text, characters marked by negative log-likelihood as on the page."""
    image = Image.new("RGB", _WIDE, PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_LINE * 16 // 25)
    for at, (x, y, character) in enumerate(_set(before + text, font)):
        if character and at >= len(before):
            level = sum(nats[at - len(before)] >= least for least in LEVELS)
            right, foot = x + font.getlength(character), y + _LINE - 10
            draw.rectangle((x, y + 1, right, foot + level), INK)  # the line below stays visible
            draw.rectangle((x, y + 1, right, foot), _SHADES[level])
        draw.text((x, y), character, INK if at >= len(before) else _FAINT, font)
    return image


def _set(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> Iterator[tuple[float, int, str]]:
    """Yields the position of each character; "" at the end of a line."""
    x: float = _EDGE
    y = _EDGE - 4
    for at, character in enumerate(text):
        word = text[at + 1 :].partition("\n")[0].partition(" ")[0]
        ends = character == "\n"
        ends |= character == " " and x + font.getlength(f" {word}") > _WIDE[0] - _EDGE
        yield x, y, "" if ends else character
        x, y = (_EDGE, y + _LINE) if ends else (x + font.getlength(character), y)

"""Images of texts for tiles: each character is marked by its negative log-likelihood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, ImageFont

from pages.widgets.marked_text import LEVELS
from studio.core.imaging.thumbnails import INK, PAPER

_SIZE, _MARGIN, _LINE_HEIGHT = (480, 360), 22, 39  # px
_PROMPT_COLOR, _SHADES = "#85837d", ("#eeece4", "#f0e2cc", "#eccc9f", "#e6b468", "#dd972f")


def draw_marked(prompt: str, text: str, nats: Sequence[float]) -> Image.Image:
    """Draws the first lines of a text, characters marked by negative log-likelihood as on the page."""
    image = Image.new("RGB", _SIZE, PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(_LINE_HEIGHT * 16 // 25)
    for index, (x, y, character) in enumerate(_place_characters(prompt + text, font)):
        if character and index >= len(prompt):
            level = sum(nats[index - len(prompt)] >= threshold for threshold in LEVELS)
            right, foot = x + font.getlength(character), y + _LINE_HEIGHT - 10
            draw.rectangle((x, y + 1, right, foot + level), INK)  # the line below stays visible
            draw.rectangle((x, y + 1, right, foot), _SHADES[level])
        draw.text((x, y), character, INK if index >= len(prompt) else _PROMPT_COLOR, font)
    return image


def _place_characters(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> Iterator[tuple[float, int, str]]:
    """Yields the position of each character; "" at the end of a line."""
    x: float = _MARGIN
    y = _MARGIN - 4
    for index, character in enumerate(text):
        word = text[index + 1 :].partition("\n")[0].partition(" ")[0]
        ends_line = character == "\n"
        ends_line |= character == " " and x + font.getlength(f" {word}") > _SIZE[0] - _MARGIN
        yield x, y, "" if ends_line else character
        x, y = (_MARGIN, y + _LINE_HEIGHT) if ends_line else (x + font.getlength(character), y)

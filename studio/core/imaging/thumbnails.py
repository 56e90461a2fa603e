"""Small images that stand for a file: itself, a video's first frame, a text's page, a model's sign."""

from __future__ import annotations

import io
import textwrap
import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import animations, image_io
from studio.core.models import model_folder
from studio.core.tasks import File, Kind
from studio.core.untrusted import damage

SIDE = 320  # px, of what is drawn here
LONGEST = 256  # px, of a thumbnail
PAPER, INK, BLUE = "#eeece4", "#22252b", "#3046b0"

_COLUMNS, _ROWS = 17, 9
_NO_CARD = (*damage.ZIP, KeyError, InvalidInput)
_READ = 2000  # bytes
_MOST_CARD = 8 << 20
_MADE = 0.56  # of the width of a wide card's image: what the model makes; right of it are curves


def image_of(file: File, whole: bool = False) -> np.ndarray:
    """The image that stands for a kept file, `(H, W, 3) uint8`.

    Args:
        file: of any kind.
        whole: whether all of a model's card is shown, and not what the model makes alone.

    Raises:
        StudioError: if the file is gone, or is a damaged image or video.
    """
    if file.kind == "image":
        return image_io.read(file.read())
    if file.kind == "animation":
        return _first_frame(file.read())
    if file.kind == "text":
        return page(file.read()[:_READ].decode("utf-8", "ignore"))
    found = _card_image(file.read()) if file.kind == "model" else None
    if found is None:
        return sign(file.kind)
    return found if whole else _left(found)


def encode(image: np.ndarray, longest: int = LONGEST) -> bytes:
    """`(H, W, 3) uint8` -> a WebP of a few kB."""
    return image_io.encode_preview(image, longest)


def page(text: str) -> np.ndarray:
    """`(SIDE, SIDE, 3) uint8`: the first lines of a text."""
    lines = [row for line in text.split("\n") for row in textwrap.wrap(line, _COLUMNS) or [""]]
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(SIDE // 11)
    for number, line in enumerate(lines[:_ROWS]):
        draw.text((SIDE // 16, SIDE // 16 + number * SIDE // 10), line, INK, font)
    return np.asarray(image)


def sign(kind: Kind) -> np.ndarray:
    """`(SIDE, SIDE, 3) uint8`: what stands for a model or data set that has no image of its own."""
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw, middle = ImageDraw.Draw(image), SIDE // 2
    if kind == "model":
        font = ImageFont.load_default(SIDE * 9 // 20)
        draw.text((middle, middle), "Aa", BLUE, font, anchor="mm")
        return np.asarray(image)
    step, side = SIDE // 4, SIDE // 5
    for row in range(3):
        for column in range(3):
            left, top = step // 2 + column * step, step // 2 + row * step
            draw.rectangle((left, top, left + side, top + side), BLUE if row == column else INK)
    return np.asarray(image)


def _first_frame(data: bytes) -> np.ndarray:
    try:
        return animations.first(data)
    except StopIteration:
        raise invalid("video", expected="a frame", received="none", next_step="save it again") from None


def _left(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    return image[:, : round(_MADE * width)] if width > 1.5 * height else image


def _card_image(data: bytes) -> np.ndarray | None:
    """What a model's card shows, if it has an image; nothing else of the model is looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            found = packed.getinfo(model_folder.IMAGE)
            if found.file_size > _MOST_CARD or found.compress_type != zipfile.ZIP_STORED:
                return None
            return image_io.read(packed.read(found))
    except _NO_CARD:
        return None

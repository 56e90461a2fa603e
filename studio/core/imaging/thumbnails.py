"""Thumbnails of files: an image, a video's first frame, the first lines of a text, or an icon."""

from __future__ import annotations

import io
import textwrap
import zipfile

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io, video_decoder
from studio.core.models import model_folder
from studio.core.tasks import File, Kind
from studio.core.untrusted import damage

SIDE = 320  # px, side of pages and icons
LONGEST = 256  # px, longer side of a thumbnail
PAPER, INK, BLUE = "#eeece4", "#22252b", "#3046b0"

_BOX_DRAWING = dict.fromkeys(range(0x2500, 0x2580), " ")  # characters that Pillow's font lacks
_TEXT_COLUMNS, _TEXT_ROWS = 17, 9
_CARD_ERRORS = (*damage.ZIP_ERRORS, KeyError, InvalidInput)
_TEXT_BYTES = 2000  # of a text that is read
_SAMPLES_SHARE = 0.56  # share of the width of a wide card image; curves are on its right


def make_image(file: File, full_card: bool = False) -> np.ndarray:
    """Makes the image that represents a stored file, `(H, W, 3) uint8`.

    Args:
        file: file of any kind.
        full_card: whether to show the whole card image of a model, not only its samples.

    Raises:
        StudioError: if the file is missing, or is a damaged image or video.
    """
    if file.kind == "image":
        return image_io.read(file.read())
    if file.kind == "animation":
        return _decode_first_frame(file.read())
    if file.kind == "text":
        return draw_page(file.read()[:_TEXT_BYTES].decode("utf-8", "ignore"))
    card = _read_card_image(file.read()) if file.kind == "model" else None
    if card is None:
        return draw_icon(file.kind)
    return card if full_card else _crop_to_samples(card)


def encode(image: np.ndarray, longest: int = LONGEST) -> bytes:
    """Encodes a thumbnail of an image, `(H, W, 3) uint8`, as WebP of a few kB."""
    return image_io.encode_preview(image, longest)


def draw_page(text: str) -> np.ndarray:
    """Draws the first lines of a text, `(SIDE, SIDE, 3) uint8`, without the lines around tables."""
    plain_text = text.translate(_BOX_DRAWING)
    lines = [row for line in plain_text.split("\n") for row in textwrap.wrap(line, _TEXT_COLUMNS) or [""]]
    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(SIDE // 11)
    for number, line in enumerate(lines[:_TEXT_ROWS]):
        draw.text((SIDE // 16, SIDE // 16 + number * SIDE // 10), line, INK, font)
    return np.asarray(image)


def draw_icon(kind: Kind) -> np.ndarray:
    """Draws the icon of a model or data set without an image, `(SIDE, SIDE, 3) uint8`."""
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


def _decode_first_frame(data: bytes) -> np.ndarray:
    try:
        return video_decoder.decode_frame(data)
    except StopIteration:
        raise invalid("video", expected="a frame", received="none", next_step="save it again") from None


def _crop_to_samples(image: np.ndarray) -> np.ndarray:
    """Crops a wide card image to its samples, without the curves."""
    height, width = image.shape[:2]
    return image[:, : round(_SAMPLES_SHARE * width)] if width > 1.5 * height else image


def _read_card_image(data: bytes) -> np.ndarray | None:
    """Reads the card image of a zipped model, or None. Reads nothing else of the model."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entry = archive.getinfo(model_folder.IMAGE)
            if entry.file_size > model_folder.MAX_IMAGE_BYTES or entry.compress_type != zipfile.ZIP_STORED:
                return None
            return image_io.read(archive.read(entry))
    except _CARD_ERRORS:
        return None

"""Decodes images with Pillow, and corrects what Pillow gets wrong about a few TIFF and WebP files."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from studio.core.pictures import color_management

_BITS, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 258, 262, 284, 339  # tags of TIFF 6.0
_WHITE_IS_ZERO, _SEPARATE_PLANES, _UNSIGNED = 0, 2, 1
_FLAGS, _ANIMATION, _ALPHA = 20, 0x02, 0x10  # of the WebP chunk VP8X: where its flags are, and two of them


def open_image(data: bytes, kinds: tuple[str, ...]) -> Image.Image:
    """Opens an image without decoding it.

    Args:
        data: the whole file.
        kinds: the formats that Pillow may try.

    Raises:
        Exception: nearly any, if the file is damaged.
    """
    flags = data[_FLAGS] if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) > _FLAGS else 0
    if flags & _ANIMATION:
        # Frames need not cover the canvas, whatever the flag says: without it Pillow shows black there.
        data = data[:_FLAGS] + bytes([flags | _ALPHA]) + data[_FLAGS + 1 :]
    picture = Image.open(io.BytesIO(data), formats=kinds)
    _scale_transparent_level(picture)
    return picture


def _scale_transparent_level(picture: Image.Image) -> None:
    """Scales the transparent level of a gray PNG of 2 or 4 bits as Pillow scales its pixels: to 255."""
    level = picture.info.get("transparency")
    if isinstance(picture, PngImageFile) and picture.mode == "L" and isinstance(level, int) and picture.tile:
        raw_mode = picture.tile[0].args
        picture.info["transparency"] = level * {"L;2": 85, "L;4": 17}.get(str(raw_mode), 1)


def load(picture: Image.Image) -> Image.Image:
    """Decodes an opened image.

    Returns:
        The same image, or a new one of mode "L" or "I;16" if Pillow misreads its samples.

    Raises:
        Exception: nearly any, if the file is damaged.
    """
    if not isinstance(picture, TiffImageFile):
        picture.load()
        return picture
    tags = picture.tag_v2
    if tags.get(_PLANAR) == _SEPARATE_PLANES and 16 in tags.get(_BITS, ()):
        _read_planes_of_16_bits(picture)
    white_is_zero = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    unsigned = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    picture.load()
    if picture.mode.startswith("I;16") and white_is_zero:
        return _like(picture, 65535 - np.asarray(picture).astype("uint16"))
    if picture.mode == "F" and white_is_zero:
        return _like(picture, 255 - color_management.to_levels(np.asarray(picture)))
    if picture.mode == "I" and unsigned:  # values from 2**31 on would be negative
        return _like(picture, color_management.to_levels(np.asarray(picture).view("uint32")))
    if picture.mode == "I" and 16 in tags.get(_BITS, ()):
        values = np.asarray(picture)
        if values.min() >= 0 and values.max() > 255:  # a photo in signed samples, whose white is 32767
            return _like(picture, (2 * values + 1).astype("uint16"))
    return picture


def _read_planes_of_16_bits(picture: TiffImageFile) -> None:
    """Tells the decoder how many bits uncompressed samples have: it takes all separate planes for 8 bits."""
    order = "L" if picture.tag_v2.prefix == b"II" else "B"
    for number, tile in enumerate(picture.tile):
        band, *rest = cast("tuple[str, int, int]", tile.args)
        if tile.codec_name == "raw" and len(band) == 1:
            raw_mode = picture.mode if band == "I" else f"{band};16{order}"
            picture.tile[number] = tile._replace(args=(raw_mode, *rest))


def _like(picture: Image.Image, values: np.ndarray) -> Image.Image:
    """`(H, W) uint8 or uint16` -> an image that keeps the profile and the orientation of another."""
    copy = Image.fromarray(values)
    copy.info = dict(picture.info)
    if orientation := picture.getexif().get(0x0112):
        copy.getexif()[0x0112] = orientation
    return copy

"""Decodes images with Pillow, and corrects its errors with some TIFF, PNG and WebP files."""

from __future__ import annotations

import io
from typing import cast

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile

from studio.core.imaging import color_management

_BITS, _PHOTOMETRIC, _PLANAR, _SAMPLE_FORMAT = 258, 262, 284, 339  # tags of TIFF 6.0
_SUBFILE_TYPE, _DNG_VERSION = 254, 50706
_IS_PREVIEW = 1  # bit of the subfile type
_WHITE_IS_ZERO, _SEPARATE_PLANES, _UNSIGNED = 0, 2, 1
_FLAGS, _ANIMATION, _ALPHA = 20, 0x02, 0x10  # offset of the flags in a WebP chunk VP8X, and two flags


def open_image(data: bytes, kinds: tuple[str, ...]) -> Image.Image:
    """Opens an image without decoding it.

    Args:
        data: bytes of the file.
        kinds: formats that Pillow may try.

    Raises:
        Exception: almost any, if the file is damaged.
    """
    flags = data[_FLAGS] if data[:4] == b"RIFF" and data[8:16] == b"WEBPVP8X" and len(data) > _FLAGS else 0
    if flags & _ANIMATION:
        # Set the alpha flag: without it Pillow fills the part of the canvas outside a frame with black.
        data = data[:_FLAGS] + bytes([flags | _ALPHA]) + data[_FLAGS + 1 :]
    image = Image.open(io.BytesIO(data), formats=kinds)
    _scale_transparent_level(image)
    return image


def _scale_transparent_level(image: Image.Image) -> None:
    """Scales the transparent level of a 2 or 4 bit gray PNG to 255, as Pillow scales its pixels."""
    level = image.info.get("transparency")
    if isinstance(image, PngImageFile) and image.mode == "L" and isinstance(level, int) and image.tile:
        raw_mode = image.tile[0].args
        image.info["transparency"] = level * {"L;2": 85, "L;4": 17}.get(str(raw_mode), 1)


def is_camera_raw(image: Image.Image) -> bool:
    """Returns whether a TIFF is a camera raw file, such as DNG and NEF, whose first image is a preview."""
    if not isinstance(image, TiffImageFile):
        return False
    tags = image.tag_v2
    return _DNG_VERSION in tags or bool(int(tags.get(_SUBFILE_TYPE, 0)) & _IS_PREVIEW)


def decode(image: Image.Image) -> Image.Image:
    """Decodes an opened image.

    Returns:
        The image, or a new one of mode "L" or "I;16" if Pillow misreads its samples.

    Raises:
        Exception: almost any, if the file is damaged.
    """
    if not isinstance(image, TiffImageFile):
        image.load()
        return image
    tags = image.tag_v2
    if tags.get(_PLANAR) == _SEPARATE_PLANES and 16 in tags.get(_BITS, ()):
        _set_16_bit_planes(image)
    white_is_zero = tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO
    is_unsigned = tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))[0] == _UNSIGNED
    image.load()
    if image.mode.startswith("I;16") and white_is_zero:
        return _copy_with_values(image, 65535 - np.asarray(image).astype("uint16"))
    if image.mode == "F" and white_is_zero:
        return _copy_with_values(image, 255 - color_management.to_levels(np.asarray(image)))
    if image.mode == "I" and is_unsigned:  # Pillow reads values from 2**31 as negative
        return _copy_with_values(image, color_management.to_levels(np.asarray(image).view("uint32")))
    if image.mode == "I" and 16 in tags.get(_BITS, ()):
        values = np.asarray(image)
        if values.min() >= 0 and values.max() > 255:  # a photo with signed samples, white is 32767
            return _copy_with_values(image, (2 * values + 1).astype("uint16"))
    return image


def _set_16_bit_planes(image: TiffImageFile) -> None:
    """Sets 16 bits per sample for uncompressed separate planes, which Pillow decodes as 8 bits."""
    order = "L" if image.tag_v2.prefix == b"II" else "B"
    for number, tile in enumerate(image.tile):
        band, *rest = cast("tuple[str, int, int]", tile.args)
        if tile.codec_name == "raw" and len(band) == 1:
            raw_mode = image.mode if band == "I" else f"{band};16{order}"
            image.tile[number] = tile._replace(args=(raw_mode, *rest))


def _copy_with_values(image: Image.Image, values: np.ndarray) -> Image.Image:
    """Returns a copy of an image, its profile and orientation, with `(H, W) uint8 or uint16` values."""
    copy = Image.fromarray(values)
    copy.info = dict(image.info)
    if orientation := image.getexif().get(0x0112):
        copy.getexif()[0x0112] = orientation
    return copy

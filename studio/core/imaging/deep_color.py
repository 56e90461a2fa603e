"""Images with 16 bits per channel: reads and writes PNG and TIFF, which Pillow reduces to 8 bits."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from PIL import Image, ImageOps
from PIL.TiffImagePlugin import TiffImageFile

from studio.core.imaging import color_management, decoding

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTH, _PNG_COLOR_TYPE = 24, 25  # offsets in a PNG
_PNG_GRAY, _PNG_COLOR_TYPES = 0, {3: 2, 4: 6}  # color types: gray, and those of three and four channels
_BITS, _PHOTOMETRIC, _PLANAR, _EXTRA_SAMPLES, _SAMPLE_FORMAT = 258, 262, 284, 338, 339  # tags of TIFF 6.0
_BLACK_IS_ZERO, _RGB, _CHUNKY, _UNASSOCIATED_ALPHA, _UNSIGNED = 1, 2, 1, 2, 1
_ORIENTATION = 0x0112  # tag of EXIF
_MAX_DIFFERENCE = 2.0  # levels of 255: if both decoders differ by more on average, the 8-bit image counts
_UP_FILTER = 2  # of a PNG row: differences from the row above


def read(data: bytes, pixels: np.ndarray, formats: tuple[str, ...]) -> np.ndarray | None:
    """Reads an image with 16 bits per channel as upright sRGB.

    Args:
        data: bytes of the file, which the caller has decoded without an error.
        pixels: `(H, W, 3 or 4) uint8`, what the caller decoded: upright sRGB.
        formats: formats that Pillow may try.

    Returns:
        `uint16` of the shape of `pixels`, from 0 to 65535; None for 8 bits, and for kinds that only the other
        decoder reads: separate planes, white as zero, signed or premultiplied values, other color models.
    """
    with decoding.open_image(data, formats) as image:
        if not _is_deep(image, data):
            return None
        orientation = image.getexif().get(_ORIENTATION, 1)
        info = dict(image.info)
        values = _decode_gray(image) if image.mode.startswith("I;16") else _decode_colors(data)
    if values is None:
        return None
    is_opaque = pixels.shape[2] == 3
    colors, alpha = values[..., :3], values[..., 3:]
    if not is_opaque and not alpha.size:
        return None  # one level stands for transparency
    colors = color_management.to_srgb_16(colors, info)
    upright = _turn(colors if is_opaque else np.dstack([colors, alpha]), orientation)
    if upright.shape != pixels.shape:
        return None
    difference = np.abs(color_management.to_8_bits(upright).astype("int16") - pixels).mean()
    return np.ascontiguousarray(upright) if difference <= _MAX_DIFFERENCE else None


def has_16_bits(data: bytes, formats: tuple[str, ...]) -> bool:
    """Returns by its header whether `read` may read an image with 16 bits. Arguments are those of `read`.

    Raises:
        Exception: almost any, if the file is damaged.
    """
    with decoding.open_image(data, formats) as image:
        return _is_deep(image, data)


def _is_deep(image: Image.Image, data: bytes) -> bool:
    """Returns whether an opened image has 16 bits per channel in a layout that this module reads."""
    if data.startswith(_PNG_SIGNATURE):
        types = (_PNG_GRAY, *_PNG_COLOR_TYPES.values())
        return data[_PNG_DEPTH] == 16 and data[_PNG_COLOR_TYPE] in types
    if not isinstance(image, TiffImageFile):
        return False
    tags = image.tag_v2
    return (
        set(tags.get(_BITS, ())) == {16}
        and set(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,))) == {_UNSIGNED}
        and tags.get(_PHOTOMETRIC) in (_BLACK_IS_ZERO, _RGB)
        and tags.get(_PLANAR, _CHUNKY) == _CHUNKY
        and tuple(tags.get(_EXTRA_SAMPLES, ())) in ((), (_UNASSOCIATED_ALPHA,))
    )


def _decode_gray(image: Image.Image) -> np.ndarray:
    """Returns three equal channels, `(H, W, 3) uint16`."""
    levels = np.asarray(image).astype("uint16")
    return np.repeat(levels[..., None], 3, axis=2)


def _decode_colors(data: bytes) -> np.ndarray | None:
    """Decodes a PNG or TIFF to `(H, W, 3 or 4) uint16` as it is stored; None if it has another layout."""
    import av

    kind = "png_pipe" if data.startswith(_PNG_SIGNATURE) else "tiff_pipe"
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as container:
            frame = next(container.decode(video=0))
            if not frame.format.name.startswith(("rgb48", "rgba64")):
                return None
            return frame.to_ndarray()
    except (av.FFmpegError, StopIteration, ValueError):
        return None


def _turn(values: np.ndarray, orientation: int) -> np.ndarray:
    """Turns and mirrors an image as its EXIF orientation says, with the table of Pillow."""
    index = np.arange(values.shape[0] * values.shape[1], dtype="int32").reshape(values.shape[:2])
    if orientation == 1:
        return values
    marked = Image.fromarray(index)
    marked.getexif()[_ORIENTATION] = orientation
    turned = np.asarray(ImageOps.exif_transpose(marked))
    return values.reshape(-1, values.shape[2])[turned]


def resize(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes `(H, W, C) uint16` with Lanczos to `(height, width, C) uint16`."""
    resized = np.empty((height, width, values.shape[2]), "uint16")
    for channel in range(values.shape[2]):
        levels = Image.fromarray(values[..., channel].astype("float32"))
        large = np.asarray(levels.resize((width, height), Image.Resampling.LANCZOS))
        resized[..., channel] = np.rint(np.clip(large, 0, 65535))
    return resized


def encode_png(values: np.ndarray, chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Encodes `(H, W, 3 or 4) uint16` as a PNG.

    Args:
        values: pixels from 0 to 65535.
        chunks: kinds and contents of further chunks before the pixels.
    """
    height, width, channels = values.shape
    stored = values.astype(">u2", order="C").view("uint8").reshape(height, -1)
    rows = np.empty((height, 1 + stored.shape[1]), "uint8")
    rows[:, 0] = _UP_FILTER
    rows[0, 1:] = stored[0]
    np.subtract(stored[1:], stored[:-1], out=rows[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOR_TYPES[channels], 0, 0, 0)
    pixels = zlib.compress(rows.data, 1)
    all_chunks = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return _PNG_SIGNATURE + b"".join(_encode_chunk(*chunk) for chunk in all_chunks)


def _encode_chunk(kind: bytes, content: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def encode_tiff(values: np.ndarray, tags: Mapping[int, str] = MappingProxyType({})) -> bytes:
    """Encodes an image as a TIFF, compressed without loss.

    Args:
        values: `(H, W, 3 or 4) uint8 or uint16`.
        tags: texts by their tags, such as the camera.
    """
    import tifffile

    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        values,
        photometric="rgb",
        compression="zlib",
        predictor=True,
        extrasamples=["unassalpha"] if values.shape[2] == 4 else None,
        metadata=None,
        software=False,
        extratags=[(tag, "s", 0, text, True) for tag, text in tags.items()],
    )
    return buffer.getvalue()

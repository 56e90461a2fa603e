"""Reads images as `(H, W, 3) uint8` sRGB, and writes PNGs with their recipe."""

from __future__ import annotations

import io
import threading
import warnings
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from studio.core import paths
from studio.core.errors import InvalidInput, invalid, make_printable
from studio.core.imaging import (
    color_management,
    decoding,
    decoding_cost,
    deep_color,
    formats,
    image_errors,
    transparency,
)
from studio.core.imaging.exif import read_texts

if TYPE_CHECKING:
    from studio.core.recipes import Recipe

MAX_PIXELS = 8192 * 8192
MAX_BYTES = 50 * 1024 * 1024  # of an input; results may be larger
MAX_RESULT_BYTES = 9 * MAX_PIXELS  # of a PNG with four channels of 16 bits, which compression may enlarge
LARGE_PIXELS = 8 << 20  # pixels; decoding more takes 100 MB to 1.5 GB
_large_image_slots = threading.BoundedSemaphore(2)  # limits how many this process decodes at once
TIFF_SUFFIXES = (".tif", ".tiff")
DEFAULT_QUALITY = 95  # of JPEG and WebP; without visible artifacts
LUMA = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue in gray (ITU-R BT.601), as `to_gray`
MIN_SIDE = 8
MAX_ASPECT = 20

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def read(source: str | Path | bytes, name: str = "image") -> np.ndarray:
    """Reads an image as upright sRGB, composited over white; of an animation the first frame.

    Args:
        source: path of a file of at most MAX_BYTES, or the bytes of one of any size, such as a result.
        name: name for errors if `source` is bytes.

    Returns:
        `(H, W, 3) uint8`.

    Raises:
        InvalidInput: if it is not a supported image, is damaged or truncated, or is too large (checked before
            decoding), too small or too narrow.
    """
    image = _open_srgb_image(*_read_bytes(source, name))
    return transparency.composite_over_white(np.asarray(image))


def read_transparent(source: str | Path | bytes, name: str = "image") -> np.ndarray:
    """Reads an image like `read`, but keeps its transparency.

    Returns:
        `(H, W, 3) uint8`, or `(H, W, 4) uint8` if any pixel is transparent.
    """
    return transparency.to_pixels(_open_srgb_image(*_read_bytes(source, name)))


def read_deep(source: str | Path | bytes, name: str = "image") -> np.ndarray:
    """Reads an image like `read_transparent`, but keeps 16 bits per channel of PNG and TIFF.

    Returns:
        `(H, W, 3 or 4) uint16`, 0 to 65535, if the file has 16 bits per channel, else `uint8`.
    """
    data, name = _read_bytes(source, name)
    pixels = transparency.to_pixels(_open_srgb_image(data, name))
    deep = deep_color.read(data, pixels, formats.register_readers(data))
    return pixels if deep is None else deep


def read_mask(source: str | Path | bytes, name: str = "mask") -> np.ndarray:
    """Reads a mask, from 0 (not selected) to 255 (selected).

    A mask with transparency selects opaque pixels of any color. Otherwise the strongest channel counts: black
    is not selected, white is.

    Returns:
        `(H, W, 3) uint8` with three equal channels.

    Raises:
        InvalidInput: as `read`.
    """
    pixels = read_transparent(source, name)
    strength = pixels[..., 3] if pixels.shape[2] == 4 else pixels.max(axis=2)
    return np.repeat(strength[..., None], 3, axis=2)


def _open_srgb_image(data: bytes, name: str) -> Image.Image:
    """Opens an image: upright, in sRGB, of mode "RGB", or "RGBA" if it has transparency."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # e.g. invalid tags
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = decoding.open_image(data, formats.register_readers(data))
            if decoding.is_camera_raw(image):
                raise image_errors.camera_raw_error(name)
            _check_size(image.size, name)
            if decoding_cost.is_costly(image, data):
                received = "one made to take very much time or memory"
                raise invalid(name, expected="a usual image", received=received, next_step="save it again")
            is_small = image.width * image.height <= LARGE_PIXELS and decoding_cost.has_predictable_cost(data)
            with nullcontext() if is_small else _large_image_slots:
                return color_management.to_srgb(ImageOps.exif_transpose(decoding.decode(image)))
        except (InvalidInput, MemoryError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_large_error(name) from None
        except Image.UnidentifiedImageError:
            raise image_errors.unreadable_image_error(data, name) from None
        except Exception as error:  # Pillow raises almost any exception for a damaged file
            raise image_errors.damaged_image_error(error, name) from None


def _read_bytes(source: str | Path | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        name = f"image {make_printable(path.name, 60)}"
        try:
            data = paths.read(path, MAX_BYTES)
        except paths.TooLarge:
            step = "save it smaller"
            raise invalid(name, expected="at most 50 MB", received="more", next_step=step) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a usable path"
            raise invalid(name, expected="a file", received=reason, next_step="check the path") from None
    if not data:
        raise invalid(name, expected=f"a {formats.READABLE} file", received="an empty file")
    return data, name


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise _too_large_error(name, f"{width} x {height}")
    if min(size) < MIN_SIDE or max(size) > MAX_ASPECT * min(size):
        raise invalid(
            name,
            expected=f"sides of at least {MIN_SIDE} px, the longer at most {MAX_ASPECT} times the shorter",
            received=f"{width} x {height} px",
            next_step="crop or enlarge it",
        )


def _too_large_error(name: str, received: str = "more") -> InvalidInput:
    expected = f"at most {MAX_PIXELS // 1_000_000} million pixels"
    return invalid(name, expected=expected, received=received, next_step="save it smaller")


def read_size(data: bytes) -> tuple[int, int]:
    """Reads the stored height and width of an image, before rotation, from its header.

    Raises:
        InvalidInput: if it is not an image, or has more pixels than `read` accepts.
    """
    name = "image"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=formats.register_readers(data)) as image:
                return image.height, image.width
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_large_error(name) from None
        except Exception:  # as in `read`
            raise image_errors.unreadable_image_error(data, name) from None


def read_upright_size(data: bytes) -> tuple[int, int]:
    """Reads the height and width of an image after its rotation. Raises as `read_size`."""
    height, width = read_size(data)
    with suppress(Exception), Image.open(io.BytesIO(data), formats=formats.register_readers(data)) as image:
        if image.getexif().get(0x0112) in (5, 6, 7, 8):  # orientations on a side
            return width, height
    return height, width


def is_animated(data: bytes) -> bool:
    """Returns whether an image file has several frames; False for anything that is not an image."""
    if try_read_size(data) is None:
        return False
    with suppress(Exception), Image.open(io.BytesIO(data), formats=formats.register_readers(data)) as image:
        return bool(getattr(image, "is_animated", False))
    return False


def has_16_bits(data: bytes) -> bool:
    """Returns whether an image file has 16 bits per channel that `read_deep` keeps, by its header."""
    if try_read_size(data) is None:
        return False
    with suppress(Exception):
        return deep_color.has_16_bits(data, formats.register_readers(data))
    return False


def try_read_size(data: bytes) -> tuple[int, int] | None:
    """Reads the height and width of an image, see `read_size`; returns None if it is not an image."""
    with suppress(InvalidInput):
        return read_size(data)
    return None


def count_megapixels(data: bytes, longest: int) -> float:
    """Counts the megapixels of an image resized to a longer side of `longest` px. Raises as `read_size`."""
    height, width = read_size(data)
    return height * width / max(height, width) ** 2 * longest**2 / 1e6


def fit(image: np.ndarray, longest: int) -> np.ndarray:
    """Resizes an image with Lanczos so that the longer side is `longest` px.

    The result is an image that `read` accepts: the shorter side is at least MIN_SIDE px, even if the longer
    one then exceeds `longest`, and the ratio of the sides is at most MAX_ASPECT. An image that is smaller or
    narrower itself keeps its aspect ratio.

    Args:
        image: `(H, W, 3) uint8`.
        longest: longer side of the result in px.

    Returns:
        `(h, w, 3) uint8` with the aspect ratio of the image, up to rounding.
    """
    height, width = image.shape[:2]
    return resize(image, *fitted_size(height, width, longest))


def fitted_size(height: int, width: int, longest: int) -> tuple[int, int]:
    """Returns the height and width of the result of `fit`."""
    shorter, longer = sorted((height, width))
    scale = longest / longer
    if shorter >= MIN_SIDE and longer <= MAX_ASPECT * shorter:
        scale = max(scale, MIN_SIDE / shorter)
        longer = round(longer * scale)
        shorter = max(round(shorter * scale), -(-longer // MAX_ASPECT))
    else:
        shorter, longer = max(1, round(shorter * scale)), max(1, round(longer * scale))
    return (shorter, longer) if height <= width else (longer, shorter)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resizes an image, `(H, W, C) uint8 or uint16`, with Lanczos to `(height, width, C)`."""
    if image.shape[:2] == (height, width):
        return image
    if image.dtype == np.uint16:
        return deep_color.resize(image, height, width)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def encode_png(image: np.ndarray, recipe: Recipe | None = None, exif: bytes = b"") -> bytes:
    """Encodes an image as PNG with the recipe in the text chunk `recipe`.

    Run-length deflate halves the time and gives files of equal size, because after PNG's filters little else
    repeats.

    Args:
        image: `(H, W, 3 or 4) uint8 or uint16`.
        recipe: of the image.
        exif: EXIF data of the image, see `studio.core.imaging.exif.read`.
    """
    text = recipe.to_json() if recipe is not None else ""
    if image.dtype == np.uint16:
        # Only iTXt is UTF-8.
        chunk = (b"tEXt", b"recipe\0") if text.isascii() else (b"iTXt", b"recipe\0\0\0\0\0")
        chunks = [(chunk[0], chunk[1] + text.encode())] if text else []
        chunks += [(b"eXIf", exif.removeprefix(b"Exif\0\0"))] if exif else []
        return deep_color.encode_png(image, chunks)
    info = PngImagePlugin.PngInfo()
    if text:
        add = info.add_text if text.isascii() else info.add_itxt
        add("recipe", text)
    buffer = io.BytesIO()
    options = {"exif": exif} if exif else {}
    Image.fromarray(image).save(
        buffer, "PNG", pnginfo=info, compress_level=1, compress_type=zlib.Z_RLE, **options
    )
    return buffer.getvalue()


def as_png(image: Image.Image, name: str = "image") -> bytes:
    """Encodes a Pillow image as an upright PNG, with its transparency.

    Args:
        image: image of any mode, possibly not loaded yet. Modes "I" and "F" are scaled by their range, see
            `color_management.to_levels`.
        name: name for errors.

    Raises:
        InvalidInput: if its file is damaged or truncated.
    """
    try:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("I", "F"):  # Pillow would clip instead of scaling
            upright = Image.fromarray(color_management.to_levels(np.asarray(upright)))
        elif upright.mode.startswith("I;16"):
            upright = Image.fromarray(np.asarray(upright).astype("uint16"))
        elif upright.mode in ("PA", "La", "RGBa"):
            upright = upright.convert("RGBA")
        elif upright.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
            upright = upright.convert("RGB")
        for level in (1, 9):  # compress more if the fast file exceeds the limit of `read`
            buffer = io.BytesIO()
            upright.save(buffer, "PNG", compress_level=level)
            if buffer.tell() <= MAX_BYTES:
                break
        return buffer.getvalue()
    except (OSError, ValueError) as error:
        raise image_errors.damaged_image_error(error, name) from None


def encode_as(image: np.ndarray, suffix: str, exif: bytes = b"", quality: int = DEFAULT_QUALITY) -> bytes:
    """Encodes an image in another format than PNG, without its recipe.

    Args:
        image: `(H, W, 3) uint8`; for a TIFF also with an alpha channel, or `uint16`.
        suffix: ".jpg", ".jpeg", ".jfif", ".webp", ".tif" or ".tiff".
        exif: as for `encode_png`; of it, a TIFF keeps only the texts of the first directory.
        quality: of JPEG and WebP, 1 to 100.
    """
    if suffix in TIFF_SUFFIXES:
        return deep_color.encode_tiff(image, read_texts(exif))
    kind = {".webp": "WEBP"}.get(suffix, "JPEG")
    options: dict[str, Any] = {"exif": exif} if exif else {}
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, quality=quality, **options)
    return buffer.getvalue()


def encode_preview(image: np.ndarray, longest: int = 512) -> bytes:
    """Encodes a preview of an image, `(H, W, 3) uint8`, as WebP of about 50 kB."""
    preview = Image.fromarray(image)
    preview.thumbnail((longest, longest))
    buffer = io.BytesIO()
    preview.save(buffer, "WEBP", quality=80, method=0)
    return buffer.getvalue()


def to_gray(image: np.ndarray) -> np.ndarray:
    """Converts an image, `(H, W, 3) uint8`, to gray by the weights of ITU-R BT.601, `(H, W, 1) uint8`."""
    return np.asarray(Image.fromarray(image).convert("L"))[..., None]


def to_01(image: np.ndarray) -> np.ndarray:
    """Converts `(H, W, 3) uint8` to `(1, H, W, 3) float32 in [0, 1]`, the format of all computation."""
    return image[None].astype("float32") / 255.0


def to_uint8(images_01: np.ndarray) -> np.ndarray:
    """Converts `(1, H, W, 3) float32 in [0, 1]` to `(H, W, 3) uint8`; clips and rounds."""
    return (np.clip(np.asarray(images_01)[0], 0.0, 1.0) * 255.0 + 0.5).astype("uint8")

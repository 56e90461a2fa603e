"""Any image a user owns -> `(H, W, 3) uint8` sRGB, and back to a PNG with its recipe."""

from __future__ import annotations

import io
import threading
import warnings
import zlib
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from studio.core import paths
from studio.core.errors import InvalidInput, invalid, printable
from studio.core.imaging import color_management, decoding, decoding_cost, formats, transparency

if TYPE_CHECKING:
    from studio.core.recipes import Recipe

MOST_PIXELS = 8192 * 8192
MOST_BYTES = 50 * 1024 * 1024
LARGE = 8 << 20  # pixels, from which decoding takes 100 MB to 1.5 GB
_large_at_once = threading.BoundedSemaphore(2)  # in this process, whoever asks
LEAST_SIDE = 8
MOST_ASPECT = 20
_COSTLY = "one made to take very much time or memory"
_ROWS = 256  # of an image of 16 bits that are scaled at once

Image.MAX_IMAGE_PIXELS = MOST_PIXELS


def read(source: str | Path | bytes, name: str = "image") -> np.ndarray:
    """Reads an image upright, as sRGB, with transparency over white and the first frame of an animation.

    Args:
        source: a path, or the file's bytes.
        name: what errors call bytes; a path is called by its own name.

    Returns:
        `(H, W, 3) uint8`.

    Raises:
        InvalidInput: if it is no image of a kind taken, is damaged or cut, or is too large (found in the
            header, before decoding), too small or too narrow.
    """
    image = _opened(*_bytes(source, name))
    return transparency.opaque(np.asarray(image))


def read_transparent(source: str | Path | bytes, name: str = "image") -> np.ndarray:
    """Reads an image as `read` does, but keeps its transparency.

    Returns:
        `(H, W, 3) uint8`, or `(H, W, 4) uint8` if any pixel is transparent.
    """
    return transparency.pixels(_opened(*_bytes(source, name)))


def read_mask(source: str | Path | bytes, name: str = "mask") -> np.ndarray:
    """Reads a mask: how strongly each pixel is selected, 0 to 255.

    Transparency decides if there is any: what is opaque is selected, whatever its color. Otherwise black is
    not selected and white is; any other color counts by its strongest channel.

    Returns:
        `(H, W, 3) uint8`, three equal channels.

    Raises:
        InvalidInput: as `read`.
    """
    pixels = read_transparent(source, name)
    strength = pixels[..., 3] if pixels.shape[2] == 4 else pixels.max(axis=2)
    return np.repeat(strength[..., None], 3, axis=2)


def _opened(data: bytes, name: str) -> Image.Image:
    """An image upright, as sRGB: mode "RGB", or "RGBA" if it has transparency."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # broken tags of a good image are no news
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = decoding.open_image(data, formats.readers(data))
            _check_size(image.size, name)
            if decoding_cost.is_costly(image, data):
                raise invalid(name, expected="a usual image", received=_COSTLY, next_step="save it again")
            is_small = image.width * image.height <= LARGE and decoding_cost.is_told_by_sides(data)
            with nullcontext() if is_small else _large_at_once:
                return color_management.to_srgb(ImageOps.exif_transpose(decoding.load(image)))
        except (InvalidInput, MemoryError):
            raise
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_large(name) from None
        except Image.UnidentifiedImageError:
            raise formats.refusal(data, name) from None
        except Exception as error:  # Pillow's parsers raise nearly anything on a damaged file
            raise invalid(
                name, expected="a whole image", received=_what(error), next_step="save it again"
            ) from None


def _bytes(source: str | Path | bytes, name: str) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data = source
    else:
        path = Path(source)
        name = f"image {printable(path.name, 60)}"
        try:
            data = paths.read(path, MOST_BYTES)
        except paths.TooLarge:
            raise _too_many_bytes(name) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a usable path"
            raise invalid(name, expected="a file", received=reason, next_step="check the path") from None
    if not data:
        raise invalid(name, expected=f"a {formats.TAKEN} file", received="an empty file")
    if len(data) > MOST_BYTES:
        raise _too_many_bytes(name)
    return data, name


def _too_many_bytes(name: str) -> InvalidInput:
    return invalid(name, expected="at most 50 MB", received="more", next_step="save it smaller")


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise _too_large(name, f"{width} x {height}")
    if min(size) < LEAST_SIDE or max(size) > MOST_ASPECT * min(size):
        raise invalid(
            name,
            expected=f"sides of at least {LEAST_SIDE} px, the longer at most {MOST_ASPECT} times the shorter",
            received=f"{width} x {height} px",
            next_step="crop or enlarge it",
        )


def _too_large(name: str, received: str = "more") -> InvalidInput:
    most = f"at most {MOST_PIXELS // 1_000_000} million pixels"
    return invalid(name, expected=most, received=received, next_step="save it smaller")


def _what(error: Exception) -> str:
    text = str(error).lower()
    if "max_text_chunk" in text:  # Pillow refuses to unpack more
        return "one whose color profile or text has more than 1 MB"
    return "a cut one" if "truncat" in text else "a damaged one"


def size(data: bytes) -> tuple[int, int]:
    """Height and width of an image as it is stored, from its header alone.

    Raises:
        InvalidInput: if it is no image, or one of more pixels than `read` takes.
    """
    name = "image"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=formats.readers(data)) as image:
                return image.height, image.width
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_large(name) from None
        except Exception:  # as in `read`
            raise formats.refusal(data, name) from None


def size_of(data: bytes) -> tuple[int, int] | None:
    """Height and width as `size` gives them; None for what is no image, such as an MP4."""
    with suppress(InvalidInput):
        return size(data)
    return None


def megapixels(data: bytes, longest: int) -> float:
    """Millions of pixels that an encoded image has at a longer side of `longest` px. Raises as `size`."""
    height, width = size(data)
    return height * width / max(height, width) ** 2 * longest**2 / 1e6


def fit(image: np.ndarray, longest: int) -> np.ndarray:
    """Resizes so that the longer side is `longest` px; Lanczos.

    Of a very long image the result is one that `read` takes: its shorter side has at least LEAST_SIDE px, for
    which the longer one may become more than `longest`, and it is no narrower than 1 to MOST_ASPECT. An image
    that is smaller or narrower itself keeps its proportions.

    Args:
        image: `(H, W, 3) uint8`.

    Returns:
        `(h, w, 3) uint8` with the same proportions, as far as pixels allow.
    """
    height, width = image.shape[:2]
    return resize(image, *fitted(height, width, longest))


def fitted(height: int, width: int, longest: int) -> tuple[int, int]:
    """The height and width that `fit` gives an image of another size."""
    shorter, longer = sorted((height, width))
    scale = longest / longer
    if shorter >= LEAST_SIDE and longer <= MOST_ASPECT * shorter:
        scale = max(scale, LEAST_SIDE / shorter)
        longer = round(longer * scale)
        shorter = max(round(shorter * scale), -(-longer // MOST_ASPECT))
    else:
        shorter, longer = max(1, round(shorter * scale)), max(1, round(longer * scale))
    return (shorter, longer) if height <= width else (longer, shorter)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(height, width, 3) uint8`, Lanczos."""
    if image.shape[:2] == (height, width):
        return image
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS))


def encode_png(image: np.ndarray, recipe: Recipe | None = None) -> bytes:
    """`(H, W, 3) uint8` -> the bytes of a PNG, with the recipe in its text chunk `recipe`.

    Deflate looks for runs alone: PNG's filters leave little else that repeats, so that a file is no larger
    and is written in half the time.
    """
    info = PngImagePlugin.PngInfo()
    if recipe is not None:
        text = recipe.to_json()
        add = info.add_text if text.isascii() else info.add_itxt  # only the second is UTF-8
        add("recipe", text)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", pnginfo=info, compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def as_png(image: Image.Image, name: str = "image") -> bytes:
    """An image that a program holds as a file would: upright; what is transparent stays so.

    Args:
        image: of any mode; its file may not have been read yet. The levels of modes "I" and "F" are scaled
            by the range that they fill, see `color_management.to_levels`.
        name: what errors call it.

    Raises:
        InvalidInput: if its file is damaged or cut.
    """
    try:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("I", "F"):  # Pillow would clip what it converts, and not scale it
            upright = Image.fromarray(color_management.to_levels(np.asarray(upright)))
        elif upright.mode.startswith("I;16"):
            upright = Image.fromarray(np.asarray(upright).astype("uint16"))
        elif upright.mode in ("PA", "La", "RGBa"):
            upright = upright.convert("RGBA")
        elif upright.mode not in ("1", "L", "LA", "P", "RGB", "RGBA"):
            upright = upright.convert("RGB")
        for level in (1, 9):  # of the fast way more than may be read can come
            held = io.BytesIO()
            upright.save(held, "PNG", compress_level=level)
            if held.tell() <= MOST_BYTES:
                break
        return held.getvalue()
    except (OSError, ValueError) as error:
        expected, step = "a whole image", "save it again"
        raise invalid(name, expected=expected, received=_what(error), next_step=step) from None


def encode_as(image: np.ndarray, suffix: str) -> bytes:
    """`(H, W, 3) uint8` -> the bytes of a ".jpg", ".jpeg" or ".webp"; its recipe goes next to it."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, {".webp": "WEBP"}.get(suffix, "JPEG"), quality=95)
    return buffer.getvalue()


def encode_preview(image: np.ndarray, longest: int = 512) -> bytes:
    """`(H, W, 3) uint8` -> a WebP of about 50 kB for the eyes alone."""
    preview = Image.fromarray(image)
    preview.thumbnail((longest, longest))
    buffer = io.BytesIO()
    preview.save(buffer, "WEBP", quality=80, method=0)
    return buffer.getvalue()


def gray(image: np.ndarray) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(H, W, 1) uint8`, its colors weighed as ITU-R BT.601 does."""
    return np.asarray(Image.fromarray(image).convert("L"))[..., None]


def to_01(image: np.ndarray) -> np.ndarray:
    """`(H, W, 3) uint8` -> `(1, H, W, 3) float32 in [0, 1]`, as all work inside the studio takes it."""
    return image[None].astype("float32") / 255.0


def to_uint8(images_01: np.ndarray) -> np.ndarray:
    """`(1, H, W, 3) float32 in [0, 1]` -> `(H, W, 3) uint8`, clipped and rounded."""
    return (np.clip(np.asarray(images_01)[0], 0.0, 1.0) * 255.0 + 0.5).astype("uint8")

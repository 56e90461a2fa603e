"""Prepares drawings of any size for a network: light on black, each kind in its own colors."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import crops, image_io
from studio.sketch import edges
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS, Kind

MIN_CONTRAST = 24  # least contrast in levels: below, the drawing is empty
_MIN_LINE_WIDTH = 0.010  # least width of a line, as a share of the side
_MAX_COLOR_DISTANCE = 90  # levels: largest distance of a color from that of a part
_MAX_HALFWAY_SHARE = 0.25  # largest share of pixels between ground and ink in a drawing
_GROUND_BLOCK = 4  # px, block size of the estimated ground
_MAX_SIDE = 512  # px: larger drawings are downscaled first


def prepare_drawing(image: np.ndarray, kind: Kind, size: int) -> np.ndarray:
    """Prepares a drawing for a network.

    Args:
        image: `(H, W, 3) uint8`; inverted if the ground is light.
        kind: of the drawing.
        size: side of the result in px.

    Returns:
        `(size, size, 3) uint8`.

    Raises:
        InvalidInput: if it has a single color, no color of a part, or an outline is a photo.
    """
    image = _pad_to_square(_shrink(image))
    levels = image_io.to_gray(image)[..., 0]
    if int(levels.max()) - int(levels.min()) < MIN_CONTRAST:
        raise _no_drawing_error("a drawing", "an image of one color")
    if kind == "parts":
        part_colors = _snap_to_part_colors(image)
        if not part_colors.any():
            raise _no_drawing_error("a face painted in the colors of its parts", "none of these colors")
        return _resize(part_colors, size)
    if kind == "outline":
        if not is_drawn(image):
            raise invalid(
                "drawing",
                expected="lines on a plain background",
                received="an image that looks like a photo",
                next_step="draw the face in lines, or train a network on the edges of photos with "
                "`studio train translate PHOTOS --edges`",
            )
        levels = (255 - levels if _has_light_border(levels) else levels).astype("float32")
        levels = (levels - levels.min()) * (255 / (levels.max() - levels.min()))
        line_width = find_line_width(len(levels))
        line_image = Image.fromarray(levels.astype("uint8"))
        if line_width > 1:
            line_image = line_image.filter(ImageFilter.MaxFilter(line_width))
        levels = np.asarray(line_image)
    return _resize(np.repeat(levels[..., None], 3, axis=2), size)


def find_line_width(side: int) -> int:
    """Returns how wide the lines of an outline are made in a drawing of this side, in px; an odd number."""
    return int(_MIN_LINE_WIDTH * side) | 1


def detect_edges(photo: np.ndarray, size: int) -> np.ndarray:
    """Detects the edges of a photo's center crop, white on black: `(H, W, 3)` to `(size, size, 3) uint8`.

    Raises:
        InvalidInput: if it has no edges.
    """
    lines = edges.detect(crops.crop_and_resize(photo, edges.PHOTO_FACTOR * size))
    if not lines.any():
        step = "choose a photo with more contrast"
        raise invalid(
            "photo", expected="a photo with visible edges", received="a photo without edges", next_step=step
        )
    return lines


def is_drawn(image: np.ndarray) -> bool:
    """Whether an image, `(H, W, 3) uint8`, is a drawing, also on unevenly lit paper.

    Drawings have few pixels halfway between ground and ink; photos have many.
    """
    from scipy import ndimage

    levels = image_io.to_gray(_shrink(image))[..., 0].astype("float32")
    if not is_on_paper(image):
        levels = 255 - levels
    radius = max(3, min(levels.shape) // 8)
    ground = ndimage.maximum_filter(levels, radius)[::_GROUND_BLOCK, ::_GROUND_BLOCK]
    ground = ndimage.gaussian_filter(ground, radius / 2 / _GROUND_BLOCK)
    ground = ground.repeat(_GROUND_BLOCK, axis=0).repeat(_GROUND_BLOCK, axis=1)[
        : len(levels), : levels.shape[1]
    ]
    reflectance = levels / np.maximum(1, ground)
    darkest = float(reflectance.min())
    reflectance = (reflectance - darkest) / max(0.01, 1 - darkest)
    return float(np.mean((reflectance > 0.25) & (reflectance < 0.75))) <= _MAX_HALFWAY_SHARE


def is_on_paper(image: np.ndarray) -> bool:
    """Whether the border of an image is light."""
    return _has_light_border(image_io.to_gray(image)[..., 0])


def make_network_input(drawing: np.ndarray, kind: Kind, night: bool) -> np.ndarray:
    """Returns an avatar network's input for a drawing: `(H, W, 3) uint8` to `(H, W, planes) float32`."""
    condition = np.array([*(kind == name for name in KINDS), night], "float32")
    planes = np.broadcast_to(condition, (*drawing.shape[:2], len(condition)))
    return np.concatenate([drawing.astype("float32") / 255, planes], axis=2)


def _no_drawing_error(expected: str, received: str) -> InvalidInput:
    step = "draw at least the outline of a head, or choose the right kind of drawing"
    return invalid("drawing", expected=expected, received=received, next_step=step)


def _shrink(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    share = _MAX_SIDE / max(height, width)
    if share >= 1:
        return image
    return image_io.resize(image, max(1, round(height * share)), max(1, round(width * share)))


def _pad_to_square(image: np.ndarray) -> np.ndarray:
    """Pads an image to a square with the color of its border."""
    height, width = image.shape[:2]
    side = max(height, width)
    if height == width:
        return image
    square = np.empty((side, side, 3), "uint8")
    square[:] = np.median(_border_pixels(image), axis=0).astype("uint8")
    down, right = side - height, (side - width) // 2  # shoulders stay at the lower edge
    square[down:, right : right + width] = image
    return square


def _border_pixels(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _has_light_border(levels: np.ndarray) -> bool:
    return bool(np.median(_border_pixels(levels[..., None])) > 127)


def _snap_to_part_colors(image: np.ndarray) -> np.ndarray:
    """Replaces each pixel by the nearest color of a part, or black."""
    colors = np.array([(0, 0, 0), *COLORS.values()], "int32")
    distance = ((image[:, :, None].astype("int32") - colors) ** 2).sum(-1)
    nearest = distance.argmin(-1)
    nearest[distance.min(-1) > _MAX_COLOR_DISTANCE**2] = 0
    return colors[nearest].astype("uint8")


def _resize(image: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))

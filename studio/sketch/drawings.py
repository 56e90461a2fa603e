"""A drawing of any size, as a network is shown it: light on black, each kind in its own colors."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.sketch import edges
from studio.sketch.parts import COLORS
from studio.sketch.settings import KINDS, Kind

LEAST = 24  # levels between the darkest and the lightest pixel, below which nothing is drawn
_LINE = 0.010  # of the side: thinner lines are made so wide
_FAR = 90  # levels: a color so far from that of every part is none
_HALFWAY = 0.25  # the share of the pixels of a drawing between ground and ink at most
_COARSE = 4  # so many pixels next to each other lie on equally light ground
_WORK = 512  # px: larger drawings are shrunk before anything else


def read(image: np.ndarray, kind: Kind, size: int) -> np.ndarray:
    """A drawing as a network is shown it.

    Args:
        image: `(H, W, 3) uint8`; on a light ground it is taken for one on black.
        kind: of the drawing.
        size: of a side, in px.

    Returns:
        `(size, size, 3) uint8`.

    Raises:
        InvalidInput: if it is of one color all over, no color of a part is in it, or an outline is a photo.
    """
    image = _square(_shrunk(image))
    levels = image_io.gray(image)[..., 0]
    if int(levels.max()) - int(levels.min()) < LEAST:
        raise _nothing("a drawing", "an image of one color")
    if kind == "parts":
        made = _parts(image)
        if not made.any():
            raise _nothing("a face painted in the colors of its parts", "none of these colors")
        return _resized(made, size)
    if kind == "outline":
        if not is_drawn(image):
            raise invalid(
                "drawing",
                expected="lines on a plain background",
                received="an image that looks like a photo",
                next_step="draw the face in lines, or train a network on the edges of photos with "
                "`studio train translate PHOTOS --edges`",
            )
        levels = _on_black(levels).astype("float32")
        levels = (levels - levels.min()) * (255 / (levels.max() - levels.min()))
        line = int(_LINE * len(levels)) | 1
        thick = Image.fromarray(levels.astype("uint8"))
        levels = np.asarray(thick.filter(ImageFilter.MaxFilter(line)) if line > 1 else thick)
    return _resized(np.repeat(levels[..., None], 3, axis=2), size)


def edges_of(photo: np.ndarray, size: int) -> np.ndarray:
    """The edges in the middle of a photo, as white lines on black: `(H, W, 3)` -> `(size, size, 3) uint8`.

    Raises:
        InvalidInput: if it has none.
    """
    found = edges.of(middle(photo, edges.FINE * size))
    if not found.any():
        step = "choose a photo with more contrast"
        raise invalid(
            "photo", expected="a photo with visible edges", received="a photo without edges", next_step=step
        )
    return found


def middle(image: np.ndarray, size: int) -> np.ndarray:
    """The square in the middle of an image, `(H, W, 3) uint8` -> `(size, size, 3) uint8`."""
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image_io.resize(np.ascontiguousarray(image[top : top + side, left : left + side]), size, size)


def is_drawn(image: np.ndarray) -> bool:
    """Whether an image, `(H, W, 3) uint8`, is lines or areas on a ground, even on paper in uneven light.

    A drawing has hardly a pixel halfway between its ground and its ink, and photos have many.
    """
    from scipy import ndimage

    levels = image_io.gray(_shrunk(image))[..., 0].astype("float32")
    if not is_on_paper(image):
        levels = 255 - levels
    near = max(3, min(levels.shape) // 8)
    ground = ndimage.maximum_filter(levels, near)[::_COARSE, ::_COARSE]
    ground = ndimage.gaussian_filter(ground, near / 2 / _COARSE)
    ground = ground.repeat(_COARSE, axis=0).repeat(_COARSE, axis=1)[: len(levels), : levels.shape[1]]
    light = levels / np.maximum(1, ground)
    darkest = float(light.min())
    light = (light - darkest) / max(0.01, 1 - darkest)
    return float(np.mean((light > 0.25) & (light < 0.75))) <= _HALFWAY


def is_on_paper(image: np.ndarray) -> bool:
    """Whether the rim of an image is light rather than dark."""
    return _has_light_rim(image_io.gray(image)[..., 0])


def shown(drawing: np.ndarray, kind: Kind, night: bool) -> np.ndarray:
    """What a network of avatars is told of a drawing: `(H, W, 3) uint8` -> `(H, W, planes) float32`."""
    told = np.array([*(kind == one for one in KINDS), night], "float32")
    planes = np.broadcast_to(told, (*drawing.shape[:2], len(told)))
    return np.concatenate([drawing.astype("float32") / 255, planes], axis=2)


def _nothing(expected: str, received: str) -> InvalidInput:
    step = "draw at least the outline of a head, or choose the right kind of drawing"
    return invalid("drawing", expected=expected, received=received, next_step=step)


def _shrunk(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    share = _WORK / max(height, width)
    if share >= 1:
        return image
    return image_io.resize(image, max(1, round(height * share)), max(1, round(width * share)))


def _square(image: np.ndarray) -> np.ndarray:
    """The whole of it in the middle of a square, continued in the color of its rim."""
    height, width = image.shape[:2]
    side = max(height, width)
    if height == width:
        return image
    made = np.empty((side, side, 3), "uint8")
    made[:] = np.median(_rim(image), axis=0).astype("uint8")
    down, right = side - height, (side - width) // 2  # shoulders stay at the lower edge
    made[down:, right : right + width] = image
    return made


def _rim(image: np.ndarray) -> np.ndarray:
    return np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])


def _on_black(levels: np.ndarray) -> np.ndarray:
    return 255 - levels if _has_light_rim(levels) else levels


def _has_light_rim(levels: np.ndarray) -> bool:
    return bool(np.median(_rim(levels[..., None])) > 127)


def _parts(image: np.ndarray) -> np.ndarray:
    """Each pixel in the color of the part that is nearest to its own, or black."""
    colors = np.array([(0, 0, 0), *COLORS.values()], "int32")
    away = ((image[:, :, None].astype("int32") - colors) ** 2).sum(-1)
    nearest = away.argmin(-1)
    nearest[away.min(-1) > _FAR**2] = 0
    return colors[nearest].astype("uint8")


def _resized(image: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BOX))

"""Selects the person, the background or the faces of a photo as a mask."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from studio.core.errors import InvalidInput, unknown
from studio.core.masks import face_boxes, litert_files
from studio.core.masks.settings import SELECTIONS
from studio.core.progress import Progress
from studio.core.weights import pretrained

PERSON_NETWORK = "selfie-segmentation"  # name of the weights
# By selection, the weights that it may use.
NETWORKS = {
    "person": (PERSON_NETWORK,),
    "background": (PERSON_NETWORK,),
    "face": (face_boxes.FULL_RANGE, face_boxes.SHORT_RANGE),
}
_PERSON_SIDE = 256  # px of the network's input
_MIN_PERSON_SHARE = 0.02  # of the photo; the network marks less than this on streets and skies
_FACE_SCALE = (0.58, 0.78)  # half axes of a face's ellipse, as shares of its box
_FACE_RISE = 0.16  # the center of the ellipse above that of the box, as a share of its height: the forehead
_FACE_EDGE = 0.15  # width of the soft edge of the ellipse, as a share of its half axes


def select(
    image: np.ndarray,
    what: str,
    *,
    feather: float = 0.0,
    invert: bool = False,
    allow_empty: bool = False,
    progress: Progress | None = None,
) -> np.ndarray:
    """Selects a part of a photo.

    Args:
        image: `(H, W, 3) uint8`.
        what: "person", "background" (all but the person) or "face" (an ellipse around each face).
        feather: sigma of a Gaussian that softens the edge, as a share of the longer side, 0 to 1.
        invert: whether to select everything else instead.
        allow_empty: whether a photo without people or faces gives an empty mask instead of an error.
        progress: receives the progress of a download.

    Returns:
        `(H, W) float32 in [0, 1]`, 1 where selected.

    Raises:
        InvalidInput: for another selection, or if the photo has no person or face and `allow_empty` is False.
        StudioError: as `pretrained.pull`.

    Reference:
        MediaPipe Selfie Segmentation; its network follows Howard et al. 2019, arXiv:1905.02244.
    """
    if what not in SELECTIONS:
        raise unknown("mask", what, SELECTIONS)
    noun, find = ("face", _select_faces) if what == "face" else ("person", _select_person)
    mask = find(image, progress)
    if not (allow_empty or mask.any()):
        raise InvalidInput(f"No {noun} found. Paint the mask.")
    if what == "background":
        mask = 1 - mask
    return refine(mask, feather, invert)


def read_digests(what: str) -> dict[str, str]:
    """Returns the SHA-256 of the installed networks of a selection, by name, for recipes. Loads none."""
    digests = {name: pretrained.get_digest(name) for name in NETWORKS[what]}
    return {name: digest for name, digest in digests.items() if digest}


def refine(mask: np.ndarray, feather: float = 0.0, invert: bool = False) -> np.ndarray:
    """Softens the edge of a mask, `(H, W) float32 in [0, 1]`, and inverts it. See `select`."""
    if feather:
        levels = Image.fromarray(np.rint(mask * 255).astype("uint8"))
        blurred = levels.filter(ImageFilter.GaussianBlur(feather * max(mask.shape)))
        mask = np.asarray(blurred, "float32") / 255
    return 1 - mask if invert else mask


def _select_person(image: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Returns the probability that each pixel shows a human, `(H, W) float32`; all 0 without people."""
    height, width = image.shape[:2]
    side = (_PERSON_SIDE, _PERSON_SIDE)
    small = np.asarray(Image.fromarray(image).resize(side, Image.Resampling.BILINEAR), "float32") / 255
    probabilities = litert_files.open_network(PERSON_NETWORK, progress)(small[None])[0][0, ..., 0]
    if (probabilities > 0.5).mean() < _MIN_PERSON_SHARE:
        return np.zeros((height, width), "float32")
    resized = Image.fromarray(probabilities).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(resized), 0, 1)


def _select_faces(image: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Returns an ellipse with a soft edge for each face, `(H, W) float32`."""
    height, width = image.shape[:2]
    y, x = np.ogrid[:height, :width]
    mask = np.zeros((height, width), "float32")
    for left, top, right, bottom in face_boxes.find_faces(image, progress):
        center_x, center_y = (left + right) / 2, (top + bottom) / 2 - _FACE_RISE * (bottom - top)
        across = (x + 0.5 - center_x) / (_FACE_SCALE[0] * (right - left))
        down = (y + 0.5 - center_y) / (_FACE_SCALE[1] * (bottom - top))
        distance = np.hypot(across, down)
        mask = np.maximum(mask, np.clip((1 - distance) / _FACE_EDGE + 0.5, 0, 1).astype("float32"))
    return mask

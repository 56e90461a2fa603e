"""Finds the faces in a photo with MediaPipe's face detectors.

The full-range detector finds faces of any size but those that fill the photo. For these it runs again on the
photo with a wide border, and the short-range detector must agree: either alone would also find faces in fur
and rocks.

Reference:
    Bazarevsky et al. 2019, arXiv:1907.05047 (BlazeFace); anchors: Liu et al. 2016, arXiv:1512.02325 (SSD).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from studio.core.masks import litert_files
from studio.core.progress import Progress

FULL_RANGE, SHORT_RANGE = "face-detection", "face-detection-short"  # names of the weights
_MIN_SCORE = 0.6  # confidence from which a face counts
_MIN_CLOSE_UP_SCORE = 0.5  # confidence from which a face counts if two detectors must agree
_MIN_CLOSE_UP_SIDE = 0.2  # of the longer side of the photo; smaller faces need no second look
_MIN_AGREEMENT = 0.4  # intersection over union of the boxes of both detectors
_MAX_OVERLAP = 0.3  # intersection over union from which two boxes are one face
_BORDER_SCALE = 2  # factor from the longer side to that of the bordered photo
_MAX_LOGIT = 80.0  # beyond it, `exp` would overflow


@dataclass(frozen=True)
class _Detector:
    """A detector.

    Attributes:
        weights: name of its weights.
        side: side of its input, in px.
        layers: stride and anchors per cell of each of its maps.
    """

    weights: str
    side: int
    layers: tuple[tuple[int, int], ...]

    def make_anchors(self) -> np.ndarray:
        """Returns x and y of the center of each anchor, `(N, 2) float32 in [0, 1]`; all sizes are 1."""
        centers = []
        for stride, anchors_per_cell in self.layers:
            cells = self.side // stride
            y, x = np.mgrid[:cells, :cells]
            grid = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
            centers.append(grid.repeat(anchors_per_cell, axis=0))
        return np.concatenate(centers).astype("float32")


_FULL = _Detector(FULL_RANGE, 192, ((4, 1),))
_SHORT = _Detector(SHORT_RANGE, 128, ((8, 2), (16, 6)))


def find_faces(photo: np.ndarray, progress: Progress | None = None) -> np.ndarray:
    """Returns the boxes of the faces in a photo, the most confident first.

    Args:
        photo: `(H, W, 3) uint8`.
        progress: receives the progress of a download.

    Returns:
        `(N, 4) float32`: left, top, right and bottom in px, from the eyebrows to the chin; a box may reach
        beyond the photo.

    Raises:
        StudioError: as `pretrained.pull`.
    """
    boxes = _detect(_FULL, photo, _MIN_SCORE, progress=progress)
    if len(boxes):
        return boxes
    bordered = _detect(_FULL, photo, _MIN_CLOSE_UP_SCORE, _BORDER_SCALE, progress)
    if not len(bordered):
        return bordered
    confirming = _detect(_SHORT, photo, _MIN_CLOSE_UP_SCORE, progress=progress)
    is_large = bordered[:, 2] - bordered[:, 0] >= _MIN_CLOSE_UP_SIDE * max(photo.shape[:2])
    is_confirmed = [
        len(confirming) > 0 and compute_overlaps(box, confirming).max() >= _MIN_AGREEMENT for box in bordered
    ]
    return bordered[is_large & is_confirmed]


def _detect(
    detector: _Detector,
    photo: np.ndarray,
    min_score: float,
    border_scale: float = 1,
    progress: Progress | None = None,
) -> np.ndarray:
    """Returns the boxes that one detector finds, `(N, 4) float32` in px of the photo."""
    canvas, side, corner = _fit_on_square(photo, detector.side, border_scale)
    raw_boxes, logits = litert_files.open_network(detector.weights, progress)(canvas)
    scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -_MAX_LOGIT, _MAX_LOGIT)))
    is_face = scores >= min_score
    centers = detector.make_anchors()[is_face] + raw_boxes[0, is_face, :2] / detector.side
    halves = raw_boxes[0, is_face, 2:4] / detector.side / 2
    boxes = np.concatenate([centers - halves, centers + halves], axis=1) * side - np.tile(corner, 2)
    return merge_boxes(boxes.astype("float32"), scores[is_face])


def _fit_on_square(photo: np.ndarray, side: int, scale: float) -> tuple[np.ndarray, float, np.ndarray]:
    """Fits a photo into the middle of a black square.

    Returns:
        The square, `(1, side, side, 3) float32 in [-1, 1]`; its side in px of the photo; and x and y of the
        photo's corner in it, in such px.
    """
    height, width = photo.shape[:2]
    square_side = scale * max(height, width)
    size = [max(1, round(length * side / square_side)) for length in (width, height)]
    small = np.asarray(Image.fromarray(photo).resize((size[0], size[1]), Image.Resampling.BILINEAR))
    left, top = ((side - length) // 2 for length in size)
    square = np.full((1, side, side, 3), -1.0, "float32")
    square[0, top : top + size[1], left : left + size[0]] = small / 127.5 - 1
    return square, square_side, np.array([left, top], "float32") * square_side / side


def merge_boxes(boxes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Merges boxes of the same face into their mean, weighted by score (soft non-maximum suppression).

    Args:
        boxes: `(N, 4) float32`: left, top, right, bottom.
        scores: `(N,) float32`, positive.

    Returns:
        `(M, 4) float32`, the highest score first.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    merged = []
    while len(boxes):
        is_same = compute_overlaps(boxes[0], boxes) > _MAX_OVERLAP
        is_same[0] = True  # also if its box is empty
        merged.append(np.average(boxes[is_same], axis=0, weights=scores[is_same]))
        boxes, scores = boxes[~is_same], scores[~is_same]
    return np.array(merged, "float32").reshape(-1, 4)


def compute_overlaps(box: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Returns the intersection over union of a box, `(4,)`, with each of `boxes`, `(N, 4)`: 0 to 1."""
    sides = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    intersection = np.clip(sides, 0, None).prod(axis=1)
    union = (box[2:] - box[:2]).prod() + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - intersection
    return intersection / np.maximum(union, 1e-9)

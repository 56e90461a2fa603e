"""A photo with the damage that is found in it, marked in red."""

from __future__ import annotations

import numpy as np

from pages.widgets import browser_images, owners
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.tasks import File
from studio.restore.detection import load_detector

_RED = (214, 39, 40)
_PHOTO_SHARE = 0.75  # of the photo's contrast, so that the marks stand out


@owners.cached(max_entries=16)
def render(digest: str, network: str, sensitivity: float) -> bytes:
    """Returns a stored photo as WebP with its damage marked.

    Args:
        digest: SHA-256 of the photo.
        network: name or folder of the network that finds the damage; "" marks nothing.
        sensitivity: see `studio.restore.detection.Detector.find`.
    """
    photo = image_io.read(File(digest, "image", "").read())
    if max(photo.shape[:2]) > browser_images.MAX_SIDE:
        photo = image_io.fit(photo, browser_images.MAX_SIDE)
    marked = np.rint(photo * _PHOTO_SHARE + 128 * (1 - _PHOTO_SHARE)).astype("uint8")
    if network:
        marked[load_detector(presets.find(network)).find(photo, sensitivity)] = _RED
    return browser_images.encode_webp(marked)

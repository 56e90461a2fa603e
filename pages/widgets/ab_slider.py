"""Two images on top of each other with a movable line between them.

Streamlit has no such widget. A range input lies over the images, so mouse, touch, keyboard and screen readers
work as with any slider. Both images travel in one payload, because bytes cannot be part of a larger one.
"""

from __future__ import annotations

import json
import struct

from pages.widgets import assets

_mount = assets.register_component("studio_ab_slider", __file__)


def show_ab_slider(
    before: bytes,
    after: bytes,
    *,
    ratio: float,
    key: str,
    names: tuple[str, str] = ("Before", "After"),
    caption: str = "",
) -> None:
    """Shows two images of the same proportions, the first to the left of a movable line.

    Args:
        before, after: WebP files.
        ratio: width by height of both, so that the page does not jump while they load.
        names: labels in the corners of the images, also for screen readers.
        key: of the component.
        caption: text below the images.
    """
    labels = {"before": names[0], "after": names[1], "caption": caption, "ratio": f"{ratio:.4f}"}
    labels_json = json.dumps(labels).encode()
    _mount(data=struct.pack(">II", len(labels_json), len(before)) + labels_json + before + after, key=key)

"""Two images on top of each other with a line between them that a user can move.

Our own because Streamlit has none. A range input lies over the images, so mouse, touch, keyboard and
screen readers work as with any slider. Both images travel as one payload, as bytes may only be its whole.
"""

from __future__ import annotations

import json
import struct

from pages.widgets import assets

_mount = assets.component("studio_ab_slider", __file__)


def ab_slider(
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
        names: what each is called, shown in its corner and read aloud.
        caption: stands below.
    """
    words = {"before": names[0], "after": names[1], "caption": caption, "ratio": f"{ratio:.4f}"}
    head = json.dumps(words).encode()
    _mount(data=struct.pack(">II", len(head), len(before)) + head + before + after, key=key)

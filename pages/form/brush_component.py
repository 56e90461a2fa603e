"""The brush that paints masks, color hints and drawings in the browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

from pages.widgets import assets

_mount = assets.component("studio_brush", __file__)


def show(words: Mapping[str, object], image: bytes, key: str) -> object:
    """Shows the brush.

    Args:
        words: settings of the brush, as its JavaScript reads them.
        image: the WebP file to paint on.
        key: of the component.

    Returns:
        The last message of the browser: `{"image", "styles", "masks"}`, masks as data URLs. None while
        nothing is painted. Validate it: a browser can send anything.
    """
    head = json.dumps(words).encode()
    data = struct.pack(">I", len(head)) + head + image
    return _mount(data=data, key=key, on_painted_change=lambda: None).painted

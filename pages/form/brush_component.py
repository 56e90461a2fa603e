"""The brush that paints masks, color hints and drawings in the browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

from pages.widgets import assets

_mount = assets.register_component("studio_brush", __file__)


def show(options: Mapping[str, object], image: bytes, key: str) -> object:
    """Shows the brush.

    Args:
        options: settings of the brush, as its JavaScript reads them.
        image: the WebP file to paint on.
        key: of the component.

    Returns:
        The last message of the browser: `{"image", "styles", "masks"}`, masks as data URLs. None while
        nothing is painted. Validate it: a browser can send anything.
    """
    options_json = json.dumps(options).encode()
    data = struct.pack(">I", len(options_json)) + options_json + image
    return _mount(data=data, key=key, on_painted_change=lambda: None).painted

"""The content of the page that shares an avatar network: see `studio.core.share.page`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.litert import compact, network
from studio.core.models.presets import Preset
from studio.core.share.page import Content
from studio.sketch import drawings, models, paint, palette
from studio.sketch.settings import KINDS

COLORINGS = 32  # random colorings, of the seeds 0, 1, ...
_KIND = "outline"
_MAX_SIDE = 512  # px of the drawing; the studio shrinks larger ones


def build_content(preset: Preset) -> Content:
    """Builds the content of the page of an avatar network.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
        StudioError: if the network could not be converted.
    """
    size = models.settings_of(preset).size
    side = min(4, _MAX_SIDE // size) * size
    input_shape = (1, size, size, 3 + len(KINDS) + 1)
    tables = [
        [palette.make_color_table(palette.choose_random_colors(seed), night) for night in (False, True)]
        for seed in range(COLORINGS)
    ]
    return Content(
        "A network that turns drawings of faces into avatars. Draw a face in the box.",
        Path(__file__).with_suffix(".js"),
        {
            "size": size,
            "side": side,
            "line_width": drawings.find_line_width(side),
            "kind": [float(name == _KIND) for name in KINDS],
            "sharpness": paint.SHARPNESS,
            "max_depth": palette.MAX_DEPTH,
            "shade": [round(float(value), 6) for value in palette.SHADE],
            "colors": np.round(np.array(tables, "float64"), 6).tolist(),
        },
        {"network": compact.store_float16(compact.fix_shapes(network.read_file(preset), input_shape))},
        {"sky": np.rint(255 * palette.draw_sky(side)).astype("uint8").tobytes()},
    )

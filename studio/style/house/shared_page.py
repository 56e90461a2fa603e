"""The content of the page that shares a network of house styles: see `studio.core.share.page`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core import amounts
from studio.core.imaging import crops, image_io, sample_photos
from studio.core.litert import compact, network
from studio.core.models.presets import Preset
from studio.core.share.page import Content
from studio.style.house import film_grain, known_styles

SIDE = 384  # px, side of the square that the page paints: a single core of a phone takes seconds for it
LIVE_SIDE = 256  # px, the same for the images of the camera, a few per second
SAMPLE = "chelsea"  # photo in the public domain that the page starts with
_GRAIN_LEVELS = 12  # steps of the stored grain per level of 255


def build_content(preset: Preset) -> Content:
    """Builds the content of the page of a network of styles.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
        StudioError: if the network could not be converted.
    """
    styles = known_styles.styles_of(preset)
    file = network.read_file(preset)
    model, live_model = (
        compact.store_float16(compact.fix_shapes(file, (1, side, side, 3), (1, len(styles))))
        for side in (SIDE, LIVE_SIDE)
    )
    grain = film_grain.make_grain(film_grain.TILE_SIDE, film_grain.TILE_SIDE)
    photo = sample_photos.read_photo(SAMPLE)
    return Content(
        f"A network that paints photos in {amounts.format_count(len(styles), 'style')}. Choose a photo, drop "
        f"one or paste one; its center square is painted at {SIDE} px. Or start the camera, whose images are "
        f"painted live at {LIVE_SIDE} px.",
        Path(__file__).with_suffix(".js"),
        {
            "styles": styles,
            "side": SIDE,
            "live_side": LIVE_SIDE,
            "grain_side": film_grain.TILE_SIDE,
            "grain_scale": 1 / (255 * _GRAIN_LEVELS),
            "grain_window": film_grain.WINDOW_SIDE,
            "photo_noise": film_grain.PHOTO_NOISE,
        },
        {"network": model},
        {
            "live": compact.find_difference(model, live_model),
            "grain": np.rint(grain * 255 * _GRAIN_LEVELS).clip(-127, 127).astype("int8").tobytes(),
            "photo": image_io.encode_as(crops.crop_and_resize(photo, SIDE), ".webp"),
        },
    )

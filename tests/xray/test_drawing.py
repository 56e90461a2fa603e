"""Drawings of feature maps are images that every page takes."""

import numpy as np
import pytest

from studio.core.imaging import image_io
from studio.xray import drawing


@pytest.mark.parametrize("shape", [(19, 383), (383, 19), (1, 21), (1, 20)])
def test_a_map_of_the_narrowest_photo_is_an_accepted_image(shape):
    """Rounding makes the map of a photo of 160 x 8 px a little narrower than the photo."""
    feature_map = np.random.default_rng(0).random(shape).astype("float32")
    image = drawing.draw_map(feature_map, drawing.LARGE_SIDE)
    assert image_io.read(image_io.encode_png(image)).shape == image.shape

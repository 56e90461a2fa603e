"""Estimates of memory, which refuse jobs before they fill it."""

import numpy as np

from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.enhance.estimate import estimate_bytes
from studio.enhance.settings import EnhanceSettings


def store_photo(dtype="uint8"):
    return File.store(image_io.encode_png(np.zeros((500, 400, 3), dtype)), "image", "photo.png")


def estimate(photo, **values):
    return estimate_bytes(EnhanceSettings(**values), {"content": [photo]})


def test_images_of_16_bits_need_more_memory(home):
    growth = [
        estimate(store_photo(kind), scale=4) - estimate(store_photo(kind)) for kind in ("uint8", "uint16")
    ]
    assert growth[1] > 2 * growth[0] > 0


def test_resizing_the_output_of_the_network_needs_memory(home):
    assert estimate(store_photo(), scale=3.05) > estimate(store_photo(), scale=4) > estimate(store_photo())


def test_texture_needs_memory_only_where_it_is_added(home):
    photo = store_photo()
    assert estimate(photo, mode="texture", scale=1) == estimate(photo, scale=1)
    assert estimate(photo, mode="texture") > 1e9 + estimate(photo)

"""The network that ships: it is free, small, and nearer to photos than bicubic enlarging."""

import numpy as np
import pytest

from studio.core.models import presets
from studio.core.pictures import sample_photos
from studio.core.weights import index
from studio.enhance import enlarge
from studio.enhance.settings import SHIPPED
from studio.enhance.task import tried


def test_what_ships_is_small_and_for_everybody():
    assert index.shipped().presets[SHIPPED].licence == "MIT"
    assert presets.find(SHIPPED).weights().stat().st_size < 4e6


@pytest.mark.parametrize(("scale", "gain"), [(2, 2.0), (3, 1.5), (4, 1.2)])
def test_it_is_nearer_to_photos_than_bicubic(scale, gain):
    enlarger = enlarge.open(presets.find(SHIPPED))
    gains = []
    for name in ("chelsea", "astronaut", "coffee", "rocket"):
        found = tried(enlarger, sample_photos.photo(name), enlarge.How(scale))
        gains.append(found["psnr"] - found["bicubic_psnr"])
    assert min(gains) > 0.2 and np.mean(gains) > gain, gains


def test_eight_ways_of_looking_come_nearer_than_one():
    enlarger, photo = enlarge.open(presets.find(SHIPPED)), sample_photos.photo("astronaut")
    one, eight = (tried(enlarger, photo, enlarge.How(2, ensemble=e))["psnr"] for e in (False, True))
    assert eight > one + 0.02

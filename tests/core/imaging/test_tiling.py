"""Tiles cover an image exactly once and include enough context."""

import itertools

import numpy as np
import pytest

from studio.core.imaging import tiling


@pytest.mark.parametrize("height, width", [(64, 64), (300, 401), (97, 640), (16, 1)])
def test_tiles_cover_every_pixel_once(height, width):
    counts = np.zeros((height, width), int)
    for tile in tiling.cut_tiles(height, width, 128, 32):
        counts[tile.rows.own_slice(1), tile.columns.own_slice(1)] += 1
    assert (counts == 1).all()


def test_tile_windows_include_the_halo_within_the_image():
    tiles = tiling.cut_tiles(300, 300, 128, 32)
    middle = next(t for t in tiles if t.rows.start == 128 and t.columns.start == 128)
    assert middle.rows.window == slice(96, 288)
    assert tiles[0].rows.window == slice(0, 160)
    assert tiles[-1].columns.window == slice(224, 300)


@pytest.mark.parametrize("stride", [1, 2, 4, 8, 16])
def test_tiles_of_a_layer_are_adjacent(stride):
    ends = [tile.rows.own_slice(stride) for tile in tiling.cut_tiles(301, 10, 128, 32)]
    assert ends[0].start == 0
    assert ends[-1].stop == 301 // stride
    assert all(a.stop == b.start for a, b in itertools.pairwise(ends))

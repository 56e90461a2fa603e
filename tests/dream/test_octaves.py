"""Octaves grow by a constant factor to the requested size, and resizing preserves detail."""

from itertools import pairwise

import numpy as np
import pytest

from studio.dream.octaves import octave_sizes, resize_01


def test_octaves_end_at_the_given_size_and_grow_by_the_factor():
    sizes = octave_sizes(384, 512, 4, 1.4, 64)
    assert sizes[-1] == (384, 512)
    assert len(sizes) == 4
    for (height, width), (taller, wider) in pairwise(sizes):
        assert taller / height == pytest.approx(1.4, rel=0.02)
        assert wider / width == pytest.approx(1.4, rel=0.02)


def test_octaves_too_small_for_the_network_are_left_out_but_never_the_last():
    assert octave_sizes(100, 200, 8, 1.4, 75) == [(100, 200)]
    assert min(min(size) for size in octave_sizes(300, 400, 8, 1.4, 75)) >= 75


def test_one_octave_is_the_image_itself():
    assert octave_sizes(120, 90, 1, 1.4, 32) == [(120, 90)]


def test_resizing_keeps_values_beyond_0_and_1_and_does_not_round():
    flat = np.full((1, 20, 30, 3), -0.123456, "float32")
    assert np.allclose(resize_01(flat, (33, 47)), -0.123456, atol=1e-6)


def test_resizing_up_and_down_again_keeps_a_smooth_image():
    rows, columns = np.mgrid[0:40, 0:60] / 60
    smooth = np.stack([np.sin(3 * rows), np.cos(4 * columns), rows * columns], axis=-1)[None].astype(
        "float32"
    )
    again = resize_01(resize_01(smooth, (56, 84)), (40, 60))
    assert again.shape == smooth.shape
    assert np.abs(again - smooth).max() < 0.02

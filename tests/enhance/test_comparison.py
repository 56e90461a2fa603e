"""The comparison of an enlargement with bicubic resizing: where and at which frequencies they differ."""

import numpy as np
import pytest

from studio.core.imaging import image_io
from studio.enhance import bicubic
from studio.enhance.comparison import BANDS, compare, compute_spectrum


def enlarge_bicubic(photo, scale):
    large = bicubic.enlarge(np.moveaxis(photo.astype("float32"), 2, 0), scale)
    return np.rint(np.clip(np.moveaxis(large, 0, 2), 0, 255)).astype("uint8")


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_bicubic_upscaling_has_no_residual(cat, scale):
    comparison = compare(cat, enlarge_bicubic(cat, scale))
    assert comparison.scale == scale and comparison.offset == (0, 0)
    assert np.abs(comparison.residual).max() < 2


def test_the_center_of_a_large_image_is_compared():
    photo = np.random.default_rng(0).integers(90, 166, (700, 90, 3), "uint8")
    comparison = compare(photo, enlarge_bicubic(photo, 2))
    assert comparison.result.shape == (1024, 180) and comparison.offset == (188, 0)
    assert np.abs(comparison.residual).max() < 2


def test_the_window_has_the_most_residual(cat):
    enlarged = enlarge_bicubic(cat, 2)
    enlarged[130:150, 60:80] = 255 - enlarged[130:150, 60:80]
    rows, columns = compare(cat, enlarged).find_most_changed(40, 50)
    assert rows.start <= 130 and rows.stop >= 150 and columns.start <= 60 and columns.stop >= 80
    assert (rows.stop - rows.start, columns.stop - columns.start) == (40, 50)


def test_the_spectrum_peaks_at_a_waves_frequency(cat):
    wave = 100 + 50 * np.sin(2 * np.pi * 0.2 * np.arange(256))[None] * np.ones((200, 1))
    at, power = compute_spectrum(wave.astype("float32"))
    assert len(at) == BANDS and at[np.nanargmax(power)] == pytest.approx(0.2, abs=0.01)
    light = image_io.to_gray(enlarge_bicubic(cat, 4))[..., 0].astype("float32")
    at, power = compute_spectrum(light)
    assert np.nanmean(power[at > 0.25]) < np.nanmean(power[at < 0.125]) - 25

"""The shipped network finds drawn damage and leaves clean photos alone."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, old_photos, sample_photos
from studio.core.models import presets
from studio.restore.detection import MAX_SIDE, load_detector
from studio.restore.settings import SHIPPED_NETWORK


@pytest.fixture(scope="module")
def detector():
    return load_detector(presets.find(SHIPPED_NETWORK))


# Sample photos are no training data.
@pytest.mark.parametrize("name", ["astronaut", "camera", "chelsea", "coffee"])
def test_most_damage_of_an_old_print_is_found(detector, name):
    old, damage = old_photos.draw_sample(sample_photos.read_photo(name))
    assert detector.find(old)[damage].mean() > 0.6


# Shining rims look like scratches.
@pytest.mark.parametrize("name, max_share", [("astronaut", 0.01), ("chelsea", 0.01), ("coffee", 0.04)])
def test_a_clean_photo_stays_nearly_unmarked(detector, name, max_share):
    assert detector.find(sample_photos.read_photo(name)).mean() < max_share


def test_a_higher_sensitivity_marks_more(detector):
    old, _ = old_photos.draw_sample(sample_photos.read_photo("astronaut"))
    shares = [detector.find(old, sensitivity).mean() for sensitivity in (0.1, 1.0, 10.0)]
    assert shares[0] < shares[1] < shares[2]


def test_a_large_photo_is_searched_in_a_smaller_copy(detector):
    old, damage = old_photos.draw_sample(sample_photos.read_photo("astronaut"))
    large = image_io.resize(old, 2 * MAX_SIDE, 2 * MAX_SIDE)
    mask = detector.find(large)
    assert mask.shape == large.shape[:2]
    assert mask.reshape(512, 4, 512, 4).any(axis=(1, 3))[damage].mean() > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (17, 40)])
def test_any_size_is_searched(detector, shape):
    assert detector.find(np.zeros((*shape, 3), "uint8")).shape == shape


def test_another_kind_of_model_is_rejected():
    with pytest.raises(InvalidInput, match="detects damage"):
        load_detector(presets.find("colorize-quick"))

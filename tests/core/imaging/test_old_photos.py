"""Old prints of photos: where they are damaged is known exactly."""

import numpy as np
import pytest

from studio.core.imaging import old_photos, sample_photos


def test_a_sample_is_a_scratched_sepia_print_and_always_the_same(image):
    photo = sample_photos.read_photo("astronaut")
    old, damage = old_photos.draw_sample(photo)
    assert old.shape == photo.shape and old.dtype == np.uint8 and damage.shape == photo.shape[:2]
    assert 0.01 < damage.mean() < 0.1
    means = old.mean(axis=(0, 1))
    assert means[0] > means[1] > means[2]
    assert np.array_equal(old, old_photos.draw_sample(photo)[0])
    assert old_photos.draw_sample(image)[0].shape == image.shape


def test_only_damaged_pixels_change_visibly():
    photo = np.full((96, 96, 3), 128, "uint8")
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(30):
        old, damage = old_photos.draw_example(photo, rng)
        shares.append(damage.mean())
        if damage.any():
            background = np.median(old[~damage], axis=0)
            change = np.abs(old - background).mean(axis=2)
            assert change[damage].mean() > 2 * change[~damage].mean()
    assert min(shares) == 0 < max(shares) < 0.5


@pytest.mark.parametrize("channel", [1, 2])
def test_examples_are_gray_sepia_or_in_color(channel):
    photo = np.zeros((64, 64, 3), "uint8")
    photo[..., 0] = 200
    differences = []
    for n in range(40):
        old = old_photos.draw_example(photo, np.random.default_rng(n))[0].astype(int)
        differences.append(np.median(old[..., 0] - old[..., channel]))
    assert sum(difference == 0 for difference in differences) > 5
    assert sum(difference > 100 for difference in differences) > 3
    if channel == 2:
        assert sum(5 < difference < 80 for difference in differences) > 5

"""The detector finds drawn scratches and leaves clean photos alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.core.imaging import sample_photos
from studio.restore import scratches


def draw_damage(photo: np.ndarray, level: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws a scratch and a speck of a level. Returns the photo and where they are, `(H, W) bool`."""
    layer = Image.new("L", photo.shape[1::-1])
    pen = ImageDraw.Draw(layer)
    pen.line((90, 40, 130, 400), fill=255, width=2)
    pen.ellipse((300, 60, 304, 64), fill=255)
    is_damaged = np.asarray(layer) > 0
    return np.where(is_damaged[..., None], np.uint8(level), photo), is_damaged


@pytest.fixture
def noisy_ramp() -> np.ndarray:
    """A smooth photo with a little noise, `(480, 400, 3) uint8`."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(80, 170, 400) + rng.normal(0, 3, (480, 400))
    return np.rint(ramp)[..., None].repeat(3, axis=2).astype("uint8")


@pytest.mark.parametrize("level", [10, 245])
def test_light_and_dark_damage_is_found_and_nothing_else(noisy_ramp, level):
    damaged, truth = draw_damage(noisy_ramp, level)
    damage = scratches.find_damage(damaged)
    assert damage[truth].mean() > 0.95
    assert damage.sum() < 6 * truth.sum()  # the margin, and no more
    assert not scratches.find_damage(noisy_ramp).any()


def test_damage_of_a_sepia_photo_is_found(noisy_ramp):
    damaged, truth = draw_damage(noisy_ramp, 245)
    sepia = np.rint(damaged * np.array([1.0, 0.85, 0.65])).astype("uint8")
    assert scratches.find_damage(sepia)[truth].mean() > 0.95


def test_a_large_photo_is_searched_in_a_smaller_copy(noisy_ramp):
    damaged, truth = draw_damage(noisy_ramp, 245)
    large = damaged.repeat(4, axis=0).repeat(4, axis=1)
    damage = scratches.find_damage(large)
    assert damage.shape == large.shape[:2]
    assert damage[truth.repeat(4, axis=0).repeat(4, axis=1)].mean() > 0.9


def test_the_edge_of_an_object_is_no_scratch():
    photo = np.full((300, 300, 3), 60, "uint8")
    photo[:, 150:] = 190
    assert not scratches.find_damage(photo).any()


def test_the_rim_of_an_object_is_no_scratch(noisy_ramp):
    image = Image.fromarray(noisy_ramp)
    ImageDraw.Draw(image).arc((80, 100, 320, 340), 20, 160, fill=(250, 250, 250), width=2)
    assert not scratches.find_damage(np.asarray(image)).any()


def test_a_colored_line_is_no_scratch(noisy_ramp):
    damaged, truth = draw_damage(noisy_ramp, 245)
    damaged[truth] = (250, 60, 60)
    assert not scratches.find_damage(damaged).any()


# The rim of the saucer in coffee shines like a scratch.
@pytest.mark.parametrize("name, max_share", [("chelsea", 0.001), ("astronaut", 0.001), ("coffee", 0.02)])
def test_a_clean_photo_stays_nearly_unmarked(name, max_share):
    assert scratches.find_damage(sample_photos.read_photo(name)).mean() < max_share


def test_a_higher_sensitivity_finds_fainter_scratches(noisy_ramp):
    faint = noisy_ramp.copy()
    faint[40:400, 100:102] += 14
    assert scratches.find_damage(faint, 3.0)[40:400, 100:102].mean() > 0.8
    assert scratches.find_damage(faint, 0.5)[40:400, 100:102].mean() < 0.2


def test_a_tiny_photo_is_searched():
    assert scratches.find_damage(np.zeros((1, 1, 3), "uint8")).shape == (1, 1)

"""The networks that ship: free, small, nearer to photos than bicubic enlarging and than what was damaged."""

import numpy as np
import pytest

from studio.core.imaging import sample_photos
from studio.core.models import presets
from studio.core.weights import index
from studio.enhance import clean, enlarge
from studio.enhance.damage import Damage, measured
from studio.enhance.learn.damaging import compressed
from studio.enhance.psnr import psnr
from studio.enhance.settings import CLEANER, SHIPPED
from studio.enhance.task import tried


@pytest.mark.parametrize("name", [SHIPPED, CLEANER])
def test_what_ships_is_small_and_for_everybody(name):
    assert index.shipped().presets[name].license == "MIT"
    assert presets.find(name).weights().stat().st_size < 4e6


@pytest.mark.parametrize("scale, gain", [(2, 2.0), (3, 1.5), (4, 1.2)])
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


def gains(made, seen, photo):
    """How much nearer to a photo each plane of what was cleaned is, in dB."""
    return [psnr(photo[..., n], made[..., n], 0) - psnr(photo[..., n], seen[..., n], 0) for n in range(3)]


@pytest.mark.parametrize("level, gain", [(5, 1), (15, 4), (30, 6)])
def test_it_takes_noise_away(level, gain):
    cleaner = clean.open(presets.find(CLEANER))
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.photo(name)[:256, :256]
        noise = level * np.random.default_rng(0).standard_normal(photo.shape)
        seen = np.clip(np.rint(photo + noise), 0, 255).astype("uint8")
        found = gains(cleaner.clean(seen, clean.How(measured(b"", seen))), seen, photo)
        assert min(found) > gain, (name, found)


@pytest.mark.parametrize("quality", [10, 30])
def test_it_takes_blocks_away(quality):
    cleaner = clean.open(presets.find(CLEANER))
    found = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.photo(name)[:256, :256]
        seen = compressed(photo.astype("float32"), quality, gray=False, subsampled=True).astype("uint8")
        found.append(gains(cleaner.clean(seen, clean.How(Damage(quality=quality))), seen, photo))
    assert np.min(found) > 0.2 and np.mean(found) > 0.8, found


def test_it_leaves_a_clean_photo_nearly_as_it_is():
    photo = sample_photos.photo("coffee")[:256, :256]
    made = clean.open(presets.find(CLEANER)).clean(photo, clean.How(measured(b"", photo)))
    assert np.abs(made.astype(int) - photo).mean() < 1.5
    assert np.abs((made.astype(float) - photo).mean(axis=(0, 1))).max() < 0.5  # no color is shifted

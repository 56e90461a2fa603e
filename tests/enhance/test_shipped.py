"""The shipped networks: license, size, and a better PSNR than bicubic resizing."""

import numpy as np
import pytest

from studio.core.imaging import sample_photos
from studio.core.models import presets
from studio.core.weights import index
from studio.enhance import clean, enlarge
from studio.enhance.damage import Damage, measure
from studio.enhance.learn.damaging import compress
from studio.enhance.psnr import psnr
from studio.enhance.settings import CLEANER, SHIPPED
from studio.enhance.task import measure_psnr


@pytest.mark.parametrize("name", [SHIPPED, CLEANER])
def test_what_ships_is_small_and_for_everybody(name):
    assert index.load().presets[name].license == "MIT"
    assert presets.find(name).weights().stat().st_size < 4e6


@pytest.mark.parametrize("scale, gain", [(2, 2.0), (3, 1.5), (4, 1.2)])
def test_it_is_nearer_to_photos_than_bicubic(scale, gain):
    enlarger = enlarge.open(presets.find(SHIPPED))
    gains = []
    for name in ("chelsea", "astronaut", "coffee", "rocket"):
        scores = measure_psnr(enlarger, sample_photos.read_photo(name), enlarge.Options(scale))
        gains.append(scores["psnr"] - scores["bicubic_psnr"])
    assert min(gains) > 0.2 and np.mean(gains) > gain, gains


def test_eight_ways_of_looking_come_nearer_than_one():
    enlarger, photo = enlarge.open(presets.find(SHIPPED)), sample_photos.read_photo("astronaut")
    one, eight = (
        measure_psnr(enlarger, photo, enlarge.Options(2, ensemble=e))["psnr"] for e in (False, True)
    )
    assert eight > one + 0.02


def gains(cleaned, damaged, photo):
    """Returns the gain in PSNR of each channel by cleaning, in dB."""
    return [
        psnr(photo[..., n], cleaned[..., n], 0) - psnr(photo[..., n], damaged[..., n], 0) for n in range(3)
    ]


@pytest.mark.parametrize("level, gain", [(5, 1), (15, 4), (30, 6)])
def test_it_takes_noise_away(level, gain):
    cleaner = clean.open(presets.find(CLEANER))
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)[:256, :256]
        noise = level * np.random.default_rng(0).standard_normal(photo.shape)
        damaged = np.clip(np.rint(photo + noise), 0, 255).astype("uint8")
        improvements = gains(cleaner.clean(damaged, clean.Options(measure(b"", damaged))), damaged, photo)
        assert min(improvements) > gain, (name, improvements)


@pytest.mark.parametrize("quality", [10, 30])
def test_it_takes_blocks_away(quality):
    cleaner = clean.open(presets.find(CLEANER))
    improvements = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)[:256, :256]
        damaged = compress(photo.astype("float32"), quality, gray=False, subsampled=True).astype("uint8")
        improvements.append(
            gains(cleaner.clean(damaged, clean.Options(Damage(quality=quality))), damaged, photo)
        )
    assert np.min(improvements) > 0.2 and np.mean(improvements) > 0.8, improvements


def test_it_leaves_a_clean_photo_nearly_as_it_is():
    photo = sample_photos.read_photo("coffee")[:256, :256]
    cleaned = clean.open(presets.find(CLEANER)).clean(photo, clean.Options(measure(b"", photo)))
    assert np.abs(cleaned.astype(int) - photo).mean() < 1.5
    assert np.abs((cleaned.astype(float) - photo).mean(axis=(0, 1))).max() < 0.5  # no color is shifted

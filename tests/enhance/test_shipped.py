"""The shipped networks: license, size, and a better PSNR than bicubic resizing."""

import numpy as np
import pytest

from studio.core.imaging import sample_photos
from studio.core.models import presets
from studio.core.weights import index
from studio.enhance import clean, enlarge
from studio.enhance.damage import Damage, measure_damage
from studio.enhance.learn.random_damage import compress
from studio.enhance.psnr import psnr
from studio.enhance.settings import SHIPPED_CLEANER, SHIPPED_ENLARGER
from studio.enhance.task import measure_psnr


@pytest.mark.parametrize("name", [SHIPPED_ENLARGER, SHIPPED_CLEANER])
def test_shipped_networks_are_small_and_under_mit(name):
    assert index.load().presets[name].license == "MIT"
    assert presets.find(name).check_weights().stat().st_size < 4e6


@pytest.mark.parametrize("scale, gain", [(2, 2.0), (3, 1.5), (4, 1.2)])
def test_the_shipped_upscaler_beats_bicubic(scale, gain):
    enlarger = enlarge.load_enlarger(presets.find(SHIPPED_ENLARGER))
    gains = []
    for name in ("chelsea", "astronaut", "coffee", "rocket"):
        scores = measure_psnr(enlarger, sample_photos.read_photo(name), enlarge.Options(scale))
        gains.append(scores["psnr"] - scores["bicubic_psnr"])
    assert min(gains) > 0.2 and np.mean(gains) > gain, gains


def test_the_self_ensemble_raises_the_psnr():
    enlarger, photo = (
        enlarge.load_enlarger(presets.find(SHIPPED_ENLARGER)),
        sample_photos.read_photo("astronaut"),
    )
    one, eight = (
        measure_psnr(enlarger, photo, enlarge.Options(2, ensemble=e))["psnr"] for e in (False, True)
    )
    assert eight > one + 0.02


def measure_gains(cleaned, damaged, photo):
    """Returns the gain in PSNR of each channel by cleaning, in dB."""
    return [
        psnr(photo[..., n], cleaned[..., n], 0) - psnr(photo[..., n], damaged[..., n], 0) for n in range(3)
    ]


@pytest.mark.parametrize("level, gain", [(5, 1), (15, 4), (30, 6)])
def test_the_shipped_denoiser_removes_noise(level, gain):
    cleaner = clean.load_cleaner(presets.find(SHIPPED_CLEANER))
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)[:256, :256]
        noise = level * np.random.default_rng(0).standard_normal(photo.shape)
        damaged = np.clip(np.rint(photo + noise), 0, 255).astype("uint8")
        improvements = measure_gains(
            cleaner.clean(damaged, clean.Options(measure_damage(b"", damaged))), damaged, photo
        )
        assert min(improvements) > gain, (name, improvements)


@pytest.mark.parametrize("quality", [10, 30])
def test_the_shipped_denoiser_removes_jpeg_artifacts(quality):
    cleaner = clean.load_cleaner(presets.find(SHIPPED_CLEANER))
    improvements = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)[:256, :256]
        damaged = compress(photo.astype("float32"), quality, is_gray=False, is_subsampled=True).astype(
            "uint8"
        )
        improvements.append(
            measure_gains(cleaner.clean(damaged, clean.Options(Damage(quality=quality))), damaged, photo)
        )
    assert np.min(improvements) > 0.2 and np.mean(improvements) > 0.8, improvements


def test_the_shipped_denoiser_keeps_clean_photos():
    photo = sample_photos.read_photo("coffee")[:256, :256]
    cleaned = clean.load_cleaner(presets.find(SHIPPED_CLEANER)).clean(
        photo, clean.Options(measure_damage(b"", photo))
    )
    assert np.abs(cleaned.astype(int) - photo).mean() < 1.5
    assert np.abs((cleaned.astype(float) - photo).mean(axis=(0, 1))).max() < 0.5  # no color is shifted

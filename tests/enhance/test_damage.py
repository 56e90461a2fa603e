"""Estimates of a photo's noise level and JPEG quality."""

import io

import numpy as np
import pytest
from PIL import Image

from studio.core.imaging import image_io, sample_photos
from studio.enhance.damage import Damage, estimate_quality, measure_damage
from studio.enhance.noise import estimate_noise


def add_noise(photo, level, gray=False):
    noise = np.random.default_rng(0).standard_normal((*photo.shape[:2], 1 if gray else 3))
    return np.clip(np.rint(photo + level * noise), 0, 255).astype("uint8")


def encode_jpeg(photo, **options):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
@pytest.mark.parametrize("level", [5, 15])
def test_noise_is_estimated(name, level):
    light, color = estimate_noise(add_noise(sample_photos.read_photo(name), level, gray=True))
    assert light == pytest.approx(level, rel=0.15) and color < 2
    light, color = estimate_noise(add_noise(sample_photos.read_photo(name), level))
    # White noise in RGB with the weights of Y, Cb and Cr.
    assert light == pytest.approx(0.669 * level, rel=0.15)
    assert color == pytest.approx(0.641 * level, rel=0.15)


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_fur_and_edges_are_not_mistaken_for_noise(name):
    assert max(estimate_noise(sample_photos.read_photo(name))) < 2


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 31, 3), (8, 160, 4), (2500, 64, 3)])
def test_noise_is_estimated_at_any_size(shape):
    noisy_image = add_noise(np.full(shape, 128, "uint8"), 10, gray=True)
    assert 4 < estimate_noise(noisy_image)[0] < 25
    assert estimate_noise(np.zeros(shape, "uint8")) == (0, 0)


@pytest.mark.parametrize("share", [0.2, 0.3, 0.7])
@pytest.mark.parametrize("level", [0, 255])
def test_clipped_areas_do_not_lower_the_estimate(share, level):
    photo = add_noise(np.full((640, 640, 3), 128, "uint8"), 10, gray=True)
    photo[: round(share * 640)] = level
    assert estimate_noise(photo)[0] == pytest.approx(10, rel=0.1)


def test_clipped_noise_is_ignored():
    dark = add_noise(np.full((256, 512, 3), 128, "uint8"), 10, gray=True)
    dark[:, :300] = add_noise(np.full((256, 300, 3), 4, "uint8"), 10, gray=True)
    assert estimate_noise(dark)[0] == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("name", ["astronaut", "rocket"])
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("quality", [75, 90])
def test_noise_is_estimated_before_compression(name, subsampling, quality):
    data = encode_jpeg(
        add_noise(sample_photos.read_photo(name), 10), quality=quality, subsampling=subsampling
    )
    damage = measure_damage(data, image_io.read(data))
    assert damage.light == pytest.approx(6.7, rel=0.15)
    assert damage.color == pytest.approx(6.4, rel=0.25)


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket", "camera"])
@pytest.mark.parametrize("quality", [50, 75, 90])
def test_compressed_texture_is_not_mistaken_for_noise(name, quality):
    data = encode_jpeg(sample_photos.read_photo(name), quality=quality)
    damage = measure_damage(data, image_io.read(data))
    assert max(damage.light, damage.color) < 1.5


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_correlated_noise_is_estimated(name):
    photo = sample_photos.read_photo(name)
    taps = np.exp(-0.5 * (np.arange(-3, 4) / 0.7) ** 2)  # a blur of .7 px
    noise = np.random.default_rng(0).standard_normal(photo.shape)
    for axis in (0, 1):
        noise = sum(tap * np.roll(noise, n, axis) for n, tap in enumerate(taps))
    noisy_image = np.clip(np.rint(photo + 10 * noise / noise.std()), 0, 255).astype("uint8")
    light, color = estimate_noise(noisy_image)
    assert light == pytest.approx(6.7, rel=0.25) and color == pytest.approx(6.4, rel=0.25)


def test_noise_of_a_gray_file_is_estimated():
    data = encode_jpeg(add_noise(sample_photos.read_photo("rocket"), 10, gray=True)[..., 0], quality=80)
    assert measure_damage(data, image_io.read(data)).light == pytest.approx(10, rel=0.15)


@pytest.mark.parametrize("quality", [1, 5, 10, 30, 50, 75, 92, 99])
def test_the_jpeg_quality_is_read_from_the_file(quality):
    photo = sample_photos.read_photo("chelsea")[:64, :64]
    for image in (photo, photo[..., 0]):
        assert estimate_quality(encode_jpeg(image, quality=quality)) == quality
    assert estimate_quality(encode_jpeg(photo, quality=quality, progressive=True)) == quality


def test_other_formats_have_quality_100():
    photo = sample_photos.read_photo("chelsea")[:64, :64]
    for data in (image_io.encode_png(photo), b"", b"\xff\xd8\xff", encode_jpeg(photo)[:30]):
        assert estimate_quality(data) == 100
    assert (
        measure_damage(image_io.encode_png(np.zeros((20, 20, 3), "uint8")), np.zeros((20, 20, 3), "uint8"))
        == Damage()
    )

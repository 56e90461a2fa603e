"""What is found wrong with a photo: its noise, and how strongly its file was compressed."""

import io

import numpy as np
import pytest
from PIL import Image

from studio.core.pictures import images, sample_photos
from studio.enhance.damage import Damage, measured, noise_of, quality_of


def noisy(photo, level, grey=False):
    noise = np.random.default_rng(0).standard_normal((*photo.shape[:2], 1 if grey else 3))
    return np.clip(np.rint(photo + level * noise), 0, 255).astype("uint8")


def jpeg(photo, **options):
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
@pytest.mark.parametrize("level", [5, 15])
def test_noise_is_found(name, level):
    light, colour = noise_of(noisy(sample_photos.photo(name), level, grey=True))
    assert light == pytest.approx(level, rel=0.15) and colour < 2
    light, colour = noise_of(noisy(sample_photos.photo(name), level))
    # White noise of the three colours, weighed as Y, Cb and Cr weigh them.
    assert light == pytest.approx(0.669 * level, rel=0.15)
    assert colour == pytest.approx(0.641 * level, rel=0.15)


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket"])
def test_fur_and_edges_are_no_noise(name):
    assert max(noise_of(sample_photos.photo(name))) < 2


@pytest.mark.parametrize("shape", [(8, 8, 3), (9, 31, 3), (8, 160, 4), (2500, 64, 3)])
def test_noise_is_found_in_any_size(shape):
    seen = noisy(np.full(shape, 128, "uint8"), 10, grey=True)
    assert 4 < noise_of(seen)[0] < 25
    assert noise_of(np.zeros(shape, "uint8")) == (0, 0)


@pytest.mark.parametrize("quality", [1, 5, 10, 30, 50, 75, 92, 99])
def test_a_file_tells_its_quality(quality):
    photo = sample_photos.photo("chelsea")[:64, :64]
    for picture in (photo, photo[..., 0]):
        assert quality_of(jpeg(picture, quality=quality)) == quality
    assert quality_of(jpeg(photo, quality=quality, progressive=True)) == quality


def test_what_is_no_jpeg_was_never_compressed():
    photo = sample_photos.photo("chelsea")[:64, :64]
    for data in (images.encode_png(photo), b"", b"\xff\xd8\xff", jpeg(photo)[:30]):
        assert quality_of(data) == 100
    assert (
        measured(images.encode_png(np.zeros((20, 20, 3), "uint8")), np.zeros((20, 20, 3), "uint8"))
        == Damage()
    )

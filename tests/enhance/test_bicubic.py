"""Bicubic resizing and PSNR as super-resolution benchmarks define them."""

import io
import tarfile

import numpy as np
import pytest
from PIL import Image

from studio.enhance import bicubic
from studio.enhance.psnr import psnr


def test_resizing_keeps_ramps_and_flat_images():
    ramp = np.tile(np.arange(40, dtype="float32"), (24, 1))
    large = bicubic.enlarge(ramp, 2)
    expected = (np.arange(80) + 0.5) / 2 - 0.5
    np.testing.assert_allclose(large[10, 8:-8], expected[8:-8], atol=1e-4)
    np.testing.assert_allclose(bicubic.shrink(large, 2)[10, 6:-6], ramp[10, 6:-6], atol=1e-3)
    np.testing.assert_allclose(bicubic.enlarge(np.full((5, 9), 7, "float32"), 3), 7, atol=1e-5)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_resizing_agrees_with_pillow_inside_an_image(scale):
    image = np.random.default_rng(0).random((48, 60), "float32")
    for enlarged, size in (
        (bicubic.shrink(image, scale), (60 // scale, 48 // scale)),
        (bicubic.enlarge(image, scale), (60 * scale, 48 * scale)),
    ):
        other = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
        edge = 3 * scale
        np.testing.assert_allclose(enlarged[edge:-edge, edge:-edge], other[edge:-edge, edge:-edge], atol=1e-4)


def test_an_error_of_one_level_is_48_db():
    truth = np.full((20, 20), 100.0)
    assert psnr(truth, truth + 1, 2) == pytest.approx(48.13, abs=0.01)
    assert psnr(truth, truth + 0.4, 2) == float("inf")  # a file would round it
    framed = truth.copy()
    framed[:2] = 0
    assert psnr(truth, framed, 2) == float("inf")  # borders do not count


@pytest.mark.parametrize("scale, published", [(2, 33.66), (3, 30.39), (4, 28.42)])
def test_bicubic_psnr_on_set5_is_as_published(data_dir, scale, published):
    from benchmarks.enhance import compute_lightness

    scores = []
    with tarfile.open(data_dir / "restore" / "set5.tar") as archive:
        for member in archive:
            image = np.asarray(Image.open(io.BytesIO(archive.extractfile(member).read())).convert("RGB"))
            light = compute_lightness(image, scale)
            small = np.clip(np.rint(bicubic.shrink(light, scale)), 0, 255)
            scores.append(psnr(light, bicubic.enlarge(small, scale), scale))
    assert len(scores) == 5 and np.mean(scores) == pytest.approx(published, abs=0.02)

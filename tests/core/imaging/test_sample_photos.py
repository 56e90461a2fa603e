"""The sample photos come from scikit-image's wheel and are found without importing it."""

import subprocess
import sys

import numpy as np
import pytest

from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import image_io, sample_photos


@pytest.mark.parametrize("name", sample_photos.list_photos())
def test_every_photo_has_a_suitable_size_and_contrast(name):
    image = sample_photos.read_photo(name)
    assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
    assert 256 <= min(image.shape[:2]) <= max(image.shape[:2]) <= 1024
    assert image.std() > 20


@pytest.mark.parametrize("name", [*sample_photos.list_gray_names(), *sample_photos.list_old_names()])
def test_every_version_is_a_file_of_the_same_size(name):
    data, file_name = sample_photos.read_file(name)
    assert sample_photos.is_known(name) and file_name == f"{name}.png"
    photo = sample_photos.read_photo(sample_photos.original_name(name))
    assert image_io.read(data).shape == photo.shape


def test_every_photo_has_a_title_and_a_license():
    assert len(sample_photos.list_photos()) >= 5
    for name, sample in sample_photos.list_photos().items():
        assert sample.name == name and sample.title
        assert any(mark in sample.credit for mark in ("CC0", "public domain"))


def test_photos_agree_with_scikit_image():
    from skimage import data

    assert np.array_equal(sample_photos.read_photo("chelsea"), data.chelsea())
    assert np.array_equal(sample_photos.read_photo("camera")[..., 0], data.camera())


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(InvalidInput, match=r"cofee. Did you mean coffee. Use one of coffee"):
        sample_photos.read_photo("cofee")
    with pytest.raises(InvalidInput, match="astronaut"):
        sample_photos.read_photo("../../etc/passwd")


def test_the_error_for_missing_files_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(sample_photos, "_find_folder", lambda: tmp_path)
    with pytest.raises(Unavailable, match="Install scikit-image"):
        sample_photos.read_photo("coffee")


def test_photos_load_neither_scikit_image_nor_keras():
    code = (
        "import sys; from studio.core.imaging import sample_photos as samples;"
        "samples.list_photos(); samples.read_photo('coffee');"
        "sys.exit(any(m in sys.modules for m in ('skimage', 'keras', 'tensorflow', 'jax')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0

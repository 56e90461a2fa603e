"""`studio score` of generators against the held-out split of a data set."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_faces

from studio.cli import main
from studio.core import data
from studio.core.data import split
from studio.core.generators import latent
from studio.core.metrics import inception
from studio.core.models import presets
from studio.faces import models


@pytest.fixture
def run_score(tiny, capsys, monkeypatch, tmp_path):
    """Runs `studio score` on the small model and an npz of images."""
    path = tmp_path / "images.npz"

    def run(images, *arguments):
        np.savez(path, images=images)
        code = main(["score", tiny, str(path), *arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def generate_images(count: int) -> np.ndarray:
    generator = models.load(presets.find("tiny"))
    return generator.decode(latent.sample(generator, count, seed=0))


def test_too_small_a_part_is_rejected_before_comparing(run_score):
    code, out, err = run_score(generate_images(100))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Invalid part: 10. Use at least 20 images. " in err


def test_the_part_is_the_held_out_split_of_the_model(run_score, monkeypatch, tmp_path):
    batches = []

    def features(images, progress, keep=False):
        batches.append(images)
        return np.random.default_rng(0).normal(size=(len(images), 8))

    monkeypatch.setattr(inception, "compute_features", features)
    coarse = np.random.default_rng(0).integers(0, 256, (300, 8, 8, 3), "uint8")
    images = coarse.repeat(4, axis=1).repeat(4, axis=2)
    assert run_score(images)[0] == 0
    by_count = batches[0]
    monkeypatch.setattr(presets.Preset, "read_data", lambda preset: {"figures": {"least_held_out": 0.1}})
    for arguments in ((), ("--part", "0.9:1"), ("--part", "0:0.9")):
        assert run_score(images, *arguments)[0] == 0
    size = models.load(presets.find("tiny")).size
    read = data.load_dataset(data.store_reference(str(tmp_path / "images.npz")), size)
    learned, held_out = split.split(split.compute_positions(read), 0.1)
    assert np.array_equal(by_count, read.images[split.split_by_count(300, 0.1)[1]])
    assert np.array_equal(batches[2], read.images[held_out]) and np.array_equal(batches[4], batches[2])
    assert np.array_equal(batches[6], read.images[learned])


@pytest.mark.slow
def test_a_sample_set_can_be_scored(tiny, capsys, monkeypatch):
    assert main(["score", tiny, "sample:cartoons"]) == 2
    assert "Invalid part: 10. Use at least 20 images. " in capsys.readouterr().err


def test_a_gray_model_is_compared_with_gray_images(run_score, monkeypatch):
    shapes = []

    def features(images, progress, keep=False):
        shapes.append(images.shape)
        return np.random.default_rng(0).normal(size=(len(images), 8))

    monkeypatch.setattr(inception, "compute_features", features)
    for channels in (1, 3):
        monkeypatch.setattr(tiny_faces.TinySettings, "channels", channels, raising=False)
        assert run_score(generate_images(300))[0] == 0
    assert [shape[-1] for shape in shapes[::2]] == [1, 3]


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_model_is_close_to_its_own_images_and_far_from_others(quick_inceptionv3_home, run_score):
    own = generate_images(24)
    code, out, _ = run_score(own, "--part", "0:1")
    same = json.loads(out)
    assert code == 0 and set(same) == {
        "fid",
        "fid_error",
        "kid",
        "kid_error",
        "precision",
        "recall",
        "n",
        "seed",
    }
    assert same["n"] == 24 and same["fid"] == pytest.approx(0, abs=0.5)
    other = json.loads(run_score(255 - np.roll(own, 5, axis=2) // 3, "--part", "0:1")[1])
    assert other["fid"] > 20 and other["kid"] > same["kid"]

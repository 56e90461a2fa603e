"""`studio score` of models that draw: against a data set, with the part that trainings hold out."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_faces

from studio.cli import main
from studio.core.data import shares
from studio.core.generators import latent
from studio.core.metrics import inception
from studio.core.models import presets
from studio.core.training.loop import in_order, split
from studio.faces import models


@pytest.fixture
def scored(tiny, capsys, monkeypatch, tmp_path):
    """Runs `studio score` on the small model and an npz of pictures."""
    path = tmp_path / "pictures.npz"

    def run(pictures, *words):
        np.savez(path, images=pictures)
        code = main(["score", tiny, str(path), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def drawn(count: int) -> np.ndarray:
    generator = models.load(presets.find("tiny"))
    return generator.decode(latent.draw(generator, count, seed=0))


def test_the_order_ends_with_what_trainings_hold_out():
    learnt, held_out = split(103, 0.1)
    order = in_order(103)
    assert sorted(order[-10:]) == list(held_out) and sorted(order[:-10]) == list(learnt)
    assert len(held_out) == 10 and sorted(order) == list(range(103))


def test_too_small_a_part_is_refused_before_anything_is_compared(scored):
    code, out, err = scored(drawn(100))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Invalid part: 10. Use at least 20 pictures. " in err


@pytest.mark.parametrize("count, held_out", [(103, 0.1), (50, 0.05), (250, 0.01), (70, 0.35)])
def test_a_part_at_the_end_is_what_trainings_hold_out(count, held_out):
    start, end = shares.bounds(count, (1 - held_out, 1.0))
    assert sorted(in_order(count)[start:end]) == list(split(count, held_out)[1])


@pytest.mark.slow
def test_a_sample_set_is_taken_too(tiny, capsys, monkeypatch):
    assert main(["score", tiny, "sample:cartoons"]) == 2
    assert "Invalid part: 10. Use at least 20 pictures. " in capsys.readouterr().err


def test_a_grey_model_is_compared_with_grey_pictures(scored, monkeypatch):
    seen = []

    def features(images, progress, keep=False):
        seen.append(images.shape)
        return np.random.default_rng(0).normal(size=(len(images), 8))

    monkeypatch.setattr(inception, "features", features)
    for channels in (1, 3):
        monkeypatch.setattr(tiny_faces.TinySettings, "channels", channels, raising=False)
        assert scored(drawn(300))[0] == 0
    assert [shape[-1] for shape in seen[::2]] == [1, 3]


@pytest.mark.slow
def test_a_model_is_close_to_its_own_pictures_and_far_from_others(quick_inceptionv3_home, scored):
    own = drawn(24)
    code, out, _ = scored(own, "--part", "0:1")
    same = json.loads(out)
    assert code == 0 and set(same) == {"fid", "fid_error", "kid", "kid_error", "n", "seed"}
    assert same["n"] == 24 and same["fid"] == pytest.approx(0, abs=0.5)
    other = json.loads(scored(255 - np.roll(own, 5, axis=2) // 3, "--part", "0:1")[1])
    assert other["fid"] > 20 and other["kid"] > same["kid"]
    assert json.loads(scored(np.concatenate([own, own]), "--part", "0.5:1")[1])["n"] == 24

"""The shipped samples equal those that the code generates."""

from __future__ import annotations

import io
import zipfile
from itertools import islice

import numpy as np
import pytest

from studio.core.data import sample_sets
from studio.core.imaging import image_io
from studio.core.imaging import paintings as shipped
from training.drawings import paintings, samples
from training.drawings.avatars import looks
from training.drawings.data_sets import draw_data_set

FEW = 5


def load_arrays(name):
    return dict(np.load(sample_sets.SHIPPED_FOLDER / f"{name}.npz"))


@pytest.mark.slow
def test_a_shipped_painting_is_reproducible():
    difference = paintings.draw("wash").astype(int) - shipped.read_painting("wash")
    assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("name", samples.COUNTS)
def test_shipped_arrays_are_reproducible(name):
    stored_arrays, generated = load_arrays(name), draw_data_set(name, FEW, 0)
    assert set(stored_arrays) == set(generated)
    for key, item in generated.items():
        np.testing.assert_array_equal(stored_arrays[key][:FEW], item)
    assert len(stored_arrays["images"]) == samples.COUNTS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", sample_sets.list_sets())
def test_shipped_faces_and_classes_are_reproducible(name):
    counts = {}
    with zipfile.ZipFile(sample_sets.SHIPPED_FOLDER / f"{name}.zip") as packed:
        for label, face in islice(samples.draw_faces(sample_sets.list_sets()[name]), FEW):
            counts[label] = counts.get(label, 0) + 1
            stored = image_io.read(packed.read(f"{label}/{counts[label]:03}.webp"))
            np.testing.assert_array_equal(stored, face)


def test_classes_match_the_attributes_of_faces():
    faces = [looks.choose(np.random.default_rng(seed)) for seed in range(200)]
    for look in faces:
        assert samples.accessory_of(look) != "hat" or (look.hat and not look.glasses and not look.beard)
        assert samples.accessory_of(look) != "plain" or not (look.hat or look.glasses or look.beard)
        assert samples.hair_class_of(look) != "bald" or look.style in ("bald", "buzz")
    assert {samples.accessory_of(look) for look in faces} == {"", "glasses", "hat", "plain"}
    assert {samples.hair_class_of(look) for look in faces} == {"", "bald", "long", "round", "spikes"}


def test_a_sample_set_is_written_to_a_folder(tmp_path, monkeypatch):
    few = sample_sets.SampleSet("hair", "", ("bald", "long"), 1)
    monkeypatch.setattr(sample_sets, "list_sets", lambda: {"hair": few})
    monkeypatch.setattr(samples, "hair_class_of", lambda look: "long" if look.style == "long" else "bald")
    monkeypatch.setattr(samples, "_CLASSES", {"hair": (samples.hair_class_of, 0)})
    path = samples.write_sample("hair", tmp_path)
    again = samples.write_sample("hair", tmp_path / "..").read_bytes()
    assert path.read_bytes() == again
    with zipfile.ZipFile(io.BytesIO(again)) as packed:
        assert sorted(packed.namelist()) == ["bald/001.webp", "long/001.webp"]

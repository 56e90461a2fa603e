"""Scores of a classifier: on its own test split as in training, on other data on all images."""

from __future__ import annotations

import numpy as np
import pytest
import toy_classifier
from PIL import Image

from studio.classify.inference import score
from studio.classify.models import trained
from studio.classify.training import split_record
from studio.core import data
from studio.core.errors import InvalidInput
from studio.core.models import presets
from studio.core.progress import Progress

CLASSES = ("cat", "coffee")


@pytest.fixture
def folder(tmp_path):
    """A folder with ten noisy images of each class."""
    rng = np.random.default_rng(0)
    for name in CLASSES:
        (tmp_path / "data" / name).mkdir(parents=True)
        for n in range(10):
            pixels = rng.integers(0, 256, (32, 32, 3), "uint8")
            Image.fromarray(pixels).save(tmp_path / "data" / name / f"{n}.png")
    return tmp_path / "data"


TESTED = ["cat/0.png", "cat/7.png", "coffee/1.png", "coffee/2.png"]


@pytest.fixture
def preset(weights_home, folder):
    dataset = data.load_dataset(data.store_reference(str(folder)), 32)
    is_tested = np.isin(dataset.names, TESTED)
    parts = (np.flatnonzero(~is_tested), np.flatnonzero(is_tested))
    return toy_classifier.save("toy", CLASSES, held_out=split_record.make_record(dataset, *parts))


def measure_accuracy(preset, folder, names):
    images = [np.asarray(Image.open(folder / name)) for name in names]
    guess = trained.load(preset).predict(images).argmax(axis=1)
    return float(np.mean([CLASSES[n] == name.split("/")[0] for n, name in zip(guess, names, strict=True)]))


@pytest.mark.slow
def test_only_the_test_split_of_its_own_dataset_counts(preset, folder):
    figures = score.score_preset(preset, str(folder), None, Progress())
    assert figures["n"] == 4
    assert figures["accuracy"] == measure_accuracy(preset, folder, TESTED)
    low, high = figures["interval"]
    assert 0 <= low <= figures["accuracy"] <= high <= 1
    assert [row["count"] for row in figures["per_class"]] == [2, 2]
    losses = [entry["loss"] for entry in figures["top_losses"]]
    assert {entry["name"] for entry in figures["top_losses"]} == set(TESTED)
    assert losses == sorted(losses, reverse=True)


@pytest.mark.slow
def test_training_images_in_another_dataset_are_left_out(preset, folder):
    (folder / "cat/0.png").unlink()
    figures = score.score_preset(preset, str(folder), None, Progress())
    assert figures["n"] == 3 and figures["accuracy"] == measure_accuracy(preset, folder, TESTED[1:])
    assert any(note.startswith("16 ") and "training images" in note for note in figures["notes"])


@pytest.mark.slow
@pytest.mark.parametrize("part, n", [((0.8, 1.0), 4), ((0.0, 1.0), 20), ((0.5, 0.8), 6), ((0.0, 0.04), 0)])
def test_a_part_is_a_share_of_each_class(preset, folder, part, n):
    if not n:
        with pytest.raises(InvalidInput, match="at least one"):
            score.score_preset(preset, str(folder), part, Progress())
        return
    figures = score.score_preset(preset, str(folder), part, Progress())
    assert figures["n"] == n and {row["count"] for row in figures["per_class"]} == {n // 2}
    if part == (0.8, 1.0):
        assert figures["accuracy"] == measure_accuracy(preset, folder, TESTED)


@pytest.mark.parametrize(
    "held_out_record", [None, "all", {"rows": "AA=="}, 7, {"data": "other", "learned": "AA=="}]
)
def test_an_incomplete_split_record_is_refused(weights_home, folder, held_out_record):
    preset = toy_classifier.save("toy", CLASSES, held_out=held_out_record)
    with pytest.raises(InvalidInput, match="train it again"):
        score.score_preset(preset, str(folder), None, Progress())


def test_unknown_classes_are_refused(preset, folder):
    (folder / "cat").rename(folder / "dog")
    with pytest.raises(InvalidInput, match=r"unknown classes: dog"):
        score.score_preset(preset, str(folder), None, Progress())
    for path in (folder / "dog").iterdir():
        path.unlink()
    with pytest.raises(InvalidInput, match="only one folder"):
        score.score_preset(preset, str(folder), None, Progress())


def test_other_presets_are_refused(folder, home):
    other = next(name for name in presets.list_names() if presets.find(name).task != "classify.train")
    with pytest.raises(InvalidInput):
        score.score_preset(presets.find(other), str(folder), None, Progress())


@pytest.mark.slow
def test_sample_sets_can_be_scored(weights_home):
    preset = toy_classifier.save("toy", ("glasses", "hat", "plain"))
    figures = score.score_preset(preset, "sample:cartoons", (0.5, 1.0), Progress())
    assert [(row["name"], row["count"]) for row in figures["per_class"]] == [
        ("glasses", 16),
        ("hat", 16),
        ("plain", 16),
    ]

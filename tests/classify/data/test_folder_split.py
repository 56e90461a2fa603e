"""Datasets whose folders train, val and test decide the split."""

from __future__ import annotations

import shutil

import drawn_classes
import numpy as np
import pytest
from PIL import Image

from studio.classify.data import audit, folder_split
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import training_set
from studio.core import data, tasks
from studio.core.data import near_duplicates
from studio.core.models import presets

CLASSES = drawn_classes.CLASSES


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A dataset with 12, 2 and 4 images of each class in train, val and test."""
    top = tmp_path_factory.mktemp("split") / "shapes"
    for seed, (part, each) in enumerate({"train": 12, "val": 2, "test": 4}.items()):
        drawn_classes.make(top / part, each, seed)
    return top


def load(folder):
    return data.load_dataset(data.store_reference(str(folder)), 32)


def copy_parts(folder, tmp_path, **parts):
    """Copies parts of a dataset under other names: `new name = old name`."""
    for new, old in parts.items():
        shutil.copytree(folder / old, tmp_path / "copy" / new)
    return tmp_path / "copy"


def describe(folder):
    dataset = load(folder)
    return audit.describe(dataset, near_duplicates.find(dataset))


def list_parts(dataset, rows):
    return {dataset.names[row].split("/")[0] for row in rows}


def test_each_folder_is_its_part(home, folder):
    dataset = load(folder)
    split = folder_split.find(dataset)
    assert dataset.classes == CLASSES
    for rows, part in (
        (split.train_rows, "train"),
        (split.validation_rows, "val"),
        (split.test_rows, "test"),
    ):
        assert list_parts(dataset, rows) == {part}
    assert [len(split.train_rows), len(split.validation_rows), len(split.test_rows)] == [36, 6, 12]
    assert "36 images to train on, 6 to validate and 12 to test on" in split.note
    notes = folder_split.list_notes(dataset)
    assert split.note in notes and not any("merged" in note for note in notes)


@pytest.mark.parametrize(
    "names", [{"Training": "train", "valid": "test"}, {"train": "train", "test": "test"}]
)
def test_two_parts_have_no_validation_split(home, folder, tmp_path, names):
    split = folder_split.find(load(copy_parts(folder, tmp_path, **names)))
    assert (len(split.train_rows), len(split.validation_rows), len(split.test_rows)) == (36, 0, 12)


@pytest.mark.parametrize(
    "names",
    [
        {"val": "val", "test": "test"},  # nothing to train on
        {"train": "train", "bus": "test"},  # ordinary classes
        {"train": "train"},
    ],
)
def test_other_folders_are_no_split(home, folder, tmp_path, names):
    dataset = load(copy_parts(folder, tmp_path, **names))
    assert folder_split.find(dataset) is None
    assert folder_split.list_notes(dataset) == list(dataset.notes)
    assert set(dataset.classes) == (set(names) if "bus" in names else set(CLASSES))


def test_a_part_for_training_without_a_class_is_no_split(home, folder, tmp_path):
    copy = copy_parts(folder, tmp_path, train="train", test="test")
    shutil.rmtree(copy / "train" / "disc")
    dataset = load(copy)
    assert folder_split.find(dataset) is None and dataset.classes == CLASSES
    assert any("merged; a new test split is drawn" in note for note in dataset.notes)


def test_copies_of_training_images_in_the_test_part_are_reported(home, folder, tmp_path):
    copy = copy_parts(folder, tmp_path, train="train", test="test")
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8"))
    noise.save(copy / "train" / "lying" / "noise.png")
    before = describe(copy)
    noise.resize((80, 80), Image.Resampling.NEAREST).save(copy / "test" / "lying" / "copy.png")
    findings = describe(copy)
    assert findings["leaks"] == before["leaks"] + 1
    assert any("nearly the same as a training image" in warning for warning in findings["warnings"])


@pytest.mark.slow
def test_training_uses_the_folders(weights_home, folder, tmp_path):
    file = data.store_reference(str(folder))
    settings = TrainClassifierSettings(backbone="vgg16", size=32, held_out=0.8)
    samples = training_set.load(file, "vgg16", 32, settings.held_out, 0, validation=True)
    assert (len(samples.train_rows), len(samples.validation_rows), len(samples.test_rows)) == (36, 6, 12)
    result = tasks.run("classify.train", settings, {"data": [file]})
    assert (result.figures["n"], result.figures["validation_n"]) == (12, 6)
    assert result.figures["validation_accuracy"] > 0.5
    assert any("The folders of the data set are the split" in note for note in result.figures["notes"])
    preset = presets.unpack(result.files[0].read(), tmp_path / "model")
    assert {name.split("/")[0] for name in preset.read_data()["tested"]["names"]} == {"test"}
    card = preset.read_card()
    assert "12 of them, in their own folder, are the test split" in card and "validation accuracy" in card
    assert len(np.unique(samples.labels(samples.train_rows))) == 3

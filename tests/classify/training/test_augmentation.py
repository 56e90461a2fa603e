"""Data augmentation: each transformation, its preview, and fine-tuning with it."""

from __future__ import annotations

import io

import narrow_backbone
import numpy as np
import pytest
from PIL import Image

from studio.classify.augmentation_settings import AUGMENTATION_SETTINGS, AugmentationSettings
from studio.classify.settings import AugmentSettings, TrainClassifierSettings
from studio.classify.training import augmentation, finetune, train_head, training_set
from studio.core import data, paths, tasks
from studio.core.progress import Progress
from studio.core.training import checkpoints

AMOUNTS = {"rotation": 90, "zoom": 0.4, "translation": 0.4, "brightness": 0.5, "contrast": 0.8}
OFF = {"flip": "off"}


@pytest.fixture
def images(class_folder):
    return np.asarray(data.load_dataset(data.store_reference(str(class_folder)), 32).images[:8])


def augment(images, step=0, seed=0, classes=("cat", "dog"), **change):
    network = augmentation.build(AugmentationSettings(**change), classes, images.shape[1])
    return augmentation.compile_augmentation(network, lambda images: images, seed)(images, step)


def test_nothing_changes_with_all_off(images):
    assert np.allclose(augment(images, **OFF), images / 255, atol=1e-6)


def test_the_flip_mirrors_some_images(images):
    changed = augment(images)
    is_same, is_mirrored = (
        np.isclose(changed, version / 255, atol=1e-6).all(axis=(1, 2, 3))
        for version in (images, images[:, :, ::-1])
    )
    assert is_same.any() and is_mirrored.any() and (is_same | is_mirrored).all()


@pytest.mark.parametrize("name", AMOUNTS)
def test_each_amount_changes_images_within_their_range(images, name):
    changed = augment(images, **OFF, **{name: AMOUNTS[name]})
    assert changed.shape == images.shape and changed.min() >= 0 and changed.max() <= 1
    difference = np.abs(changed - images / 255).mean(axis=(1, 2, 3))
    assert (difference > 0.01).sum() >= 6
    assert np.unique(difference.round(6)).size > 4, "each image has its own amount"


def test_contrast_goes_both_ways(images):
    ratios = augment(images, **OFF, contrast=0.8).std(axis=(1, 2)) / (images / 255).std(axis=(1, 2))
    assert ratios.min() < 0.8 and ratios.max() > 1.05


def test_seed_and_step_determine_the_augmentation(images):
    network = augmentation.build(AugmentationSettings(rotation=90), ("cat", "dog"), 32)
    first, other = (
        augmentation.compile_augmentation(network, lambda images: images, seed) for seed in (0, 1)
    )
    before = first(images, 3)
    assert not np.allclose(before, first(images, 4), atol=0.05)
    assert not np.allclose(before, other(images, 3), atol=0.05)
    assert np.array_equal(before, first(images, 3))


@pytest.mark.parametrize(
    "classes, expected",
    [
        (("cat", "dog"), True),
        (tuple("0123456789"), False),
        (("left hand", "right hand"), False),
        (("turn_Left", "straight"), False),
        (("bright", "dark"), True),
        (("leftover", "fresh"), True),
    ],
)
def test_images_are_not_mirrored_where_that_changes_the_class(classes, expected):
    assert AugmentationSettings().mirrors(classes) == expected
    assert AugmentationSettings(flip="on").mirrors(classes)
    assert not AugmentationSettings(flip="off").mirrors(classes)


def test_the_description_has_all_parts():
    assert AugmentationSettings(**AMOUNTS).describe_augmentation(("cat", "dog")) == (
        "horizontal flip, rotation 90°, zoom 40%, translation 40%, brightness 50%, contrast 80%"
    )
    assert AugmentationSettings(**OFF).describe_augmentation(("cat", "dog")) == "none"
    assert set(AMOUNTS) == set(AUGMENTATION_SETTINGS) - {"flip"}


def test_the_preview_shows_originals_and_augmentations(home, class_folder):
    inputs = {"data": [data.store_reference(str(class_folder))]}
    result = tasks.run("classify.augment", AugmentSettings(size=32, **AMOUNTS), inputs)
    grid = np.asarray(Image.open(io.BytesIO(result.files[0].read())))
    assert grid.shape == (4 * 34 - 2, 6 * 34 - 2, 3)
    originals = data.load_dataset(inputs["data"][0], 32).images
    columns = [grid[:32, left : left + 32] for left in range(0, 6 * 34, 34)]
    assert any(np.array_equal(columns[0], image) for image in originals)
    assert all(np.abs(column.astype(float) - columns[0]).mean() > 2 for column in columns[1:])
    assert result.figures["flip"] and result.figures["images"] == 4
    assert set(result.figures["labels"]) == {"disc", "lying", "standing"}


def test_without_augmentation_the_preview_shows_a_batch_of_different_images(home, class_folder):
    inputs = {"data": [data.store_reference(str(class_folder))]}
    result = tasks.run("classify.augment", AugmentSettings(size=32, **OFF), inputs)
    grid = np.asarray(Image.open(io.BytesIO(result.files[0].read())))
    dataset = data.load_dataset(inputs["data"][0], 32)
    names = []
    for n, label in enumerate(result.figures["labels"]):
        top, left = n // 6 * 34, n % 6 * 34
        tile = grid[top : top + 32, left : left + 32]
        [row] = [row for row, image in enumerate(dataset.images) if np.array_equal(image, tile)]
        assert dataset.classes[dataset.labels[row]] == label
        names.append(dataset.names[row])
    assert len(names) == len(set(names)) == 24


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_resumed_run_with_augmentation_equals_an_uninterrupted_one(weights_home, class_folder, monkeypatch):
    narrow_backbone.use(monkeypatch)
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", 0)
    change = {"finetune": True, "epochs": 2, "batch": 8, "rotation": 20, "brightness": 0.2}
    settings = TrainClassifierSettings(backbone="vgg16", size=32, **change)
    samples = training_set.load(data.store_reference(str(class_folder)), "vgg16", 32, settings.held_out, 0)
    weights = train_head.train(samples, settings).weights
    full_run = finetune.finetune(samples, weights, settings)
    assert full_run.maps.shape[:2] == (12, 1), "only test images have stored activations"
    run, reports = checkpoints.Run(paths.ensure_folder("runs") / "test"), []
    stop = Progress(reports.append, lambda: any(report.step == 4 and report.total == 6 for report in reports))
    assert finetune.finetune(samples, weights, settings, stop, run).step == 4
    resumed_run = finetune.finetune(samples, weights, settings, Progress(), run)
    assert np.allclose(resumed_run.probabilities, full_run.probabilities, atol=1e-5)
    flipped = finetune.finetune(
        samples, weights, settings.model_copy(update={"rotation": 0, "brightness": 0})
    )
    assert not np.allclose(flipped.probabilities, full_run.probabilities, atol=1e-5)

"""Training from a folder to a packed classifier, with a frozen or a fine-tuned backbone."""

from __future__ import annotations

import functools
import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import narrow_backbone
import numpy as np
import pytest
import saved_models
from PIL import Image

from studio.classify.inference import score
from studio.classify.models import classifier, trained
from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import finetune, task, train_head, training_set
from studio.core import data, paths, tasks
from studio.core.data.cache import ImageDataset
from studio.core.errors import Cancelled, InvalidInput, StudioError
from studio.core.models import model_folder, presets
from studio.core.objectives import backbones
from studio.core.progress import Progress
from studio.core.training import checkpoints
from tests.wording import SECOND_SENTENCE

SMALL = {"backbone": "vgg16", "size": 32}
TUNED = {**SMALL, "finetune": True, "epochs": 2, "batch": 8}


def train(folder, progress=None, **change):
    settings = TrainClassifierSettings(**{**SMALL, **change})
    inputs = {"data": [data.store_reference(str(folder))]}
    return tasks.run("classify.train", settings, inputs, progress)


def unpack(result, tmp_path):
    return presets.unpack(result.files[0].read(), tmp_path / "model")


@pytest.fixture
def narrow_vgg16(weights_home, monkeypatch):
    """Makes `vgg16` a network of its layers with few channels: fine-tuning the real one takes long."""
    narrow_backbone.use(monkeypatch)


@pytest.fixture(scope="module")
def train_cached(lasting_weights_home, class_folder):
    """Trains once for all tests that only read the result: `train_cached(**change)`."""

    @functools.cache
    def train_once(change):
        with lasting_weights_home() as home:
            result = train(class_folder, **dict(change))
            return SimpleNamespace(figures=result.figures, packed=result.files[0].read(), home=home)

    return lambda **change: train_once(tuple(change.items()))


def load_predictions(preset, folder, size=32):
    """Returns the stored predictions for the test images, and those of the opened model."""
    dataset, tested = data.load_dataset(data.store_reference(str(folder)), size), preset.read_data()["tested"]
    rows = [dataset.names.index(name) for name in tested["names"]]
    return tested, trained.load(preset).predict([dataset.images[row] for row in rows])


@pytest.mark.slow
@pytest.mark.parametrize("change", [{}, {"head": "mlp", "hidden": 16}, TUNED], ids=["linear", "mlp", "tuned"])
def test_the_opened_model_repeats_the_stored_predictions(
    weights_home, train_cached, class_folder, tmp_path, change
):
    result = train_cached(**change)
    preset = presets.unpack(result.packed, tmp_path / "model")
    tested, probabilities = load_predictions(preset, class_folder)
    assert result.figures["accuracy"] >= 0.8 and result.figures["n"] == 12 == len(probabilities)
    assert probabilities.argmax(axis=1).tolist() == tested["guess"]
    assert np.allclose(probabilities.max(axis=1), tested["confidence"], atol=2e-3)
    right = np.equal(tested["guess"], tested["truth"]).mean()
    assert right == pytest.approx(preset.read_data()["evaluation"]["accuracy"])
    assert preset.check_weights().stat().st_size < 4 * result.figures["parameters"] + 40_000


@pytest.mark.slow
def test_the_threshold_is_chosen_by_predictions_of_the_fine_tuned_network(
    narrow_vgg16, class_folder, tmp_path, monkeypatch
):
    choices = []

    def choose_threshold(*arguments):
        choices.append(arguments)
        return choose(*arguments)

    choose = task.rejection.choose_threshold
    monkeypatch.setattr(task.rejection, "choose_threshold", choose_threshold)
    change = {**TUNED, "validation": True, "learning_rate": 0.01, "flip": "off"}
    preset = unpack(train(class_folder, **change), tmp_path)
    file = data.store_reference(str(class_folder))
    samples = training_set.load(file, "vgg16", 32, 0.3, 0, validation=True)
    classifier = trained.load(preset)
    images = [samples.dataset.images[row] for row in samples.validation_rows]
    ((probabilities, truth, _),) = choices
    assert truth.tolist() == samples.labels(samples.validation_rows).tolist()
    assert probabilities == pytest.approx(classifier.predict(images), abs=2e-3)
    trained_head = train_head.train(samples, TrainClassifierSettings(**change))
    of_head = trained_head.probabilities[samples.validation_rows]
    assert np.abs(of_head - probabilities).max() > 0.02, "fine-tuning changed the predictions"


@pytest.fixture
def mislabeled(seed=0):
    """Features without any relation to the labels, which only memorization predicts."""
    rng = np.random.default_rng(seed)
    labels = np.arange(80) % 4
    features = rng.normal(size=(80, 200)).astype("float32")
    names = tuple(f"{n}.png" for n in range(80))
    dataset = ImageDataset(np.zeros((80, 2, 2, 3), "uint8"), names, labels, tuple("abcd"))
    rows = np.arange(80)
    learned, held_out = rows[:60], rows[60:]
    parts = np.arange(60) // 4 % 2
    return training_set.TrainingSet(
        dataset, backbones.Backbone(None, None, ""), features, learned, held_out, parts
    )


def change_test_images(training, value):
    features = training.features.copy()
    features[training.test_rows] = value
    return replace(training, features=features)


def check_validated(mislabeled, probabilities):
    """Fails unless the probabilities of the training images are by heads that have not learned them."""
    labels = mislabeled.labels(mislabeled.train_rows)
    assert probabilities.shape == (60, 4)
    assert np.mean(probabilities.argmax(axis=1) == labels) < 0.5, "chance is a fourth"


@pytest.mark.parametrize("change", [{}, {"strength": 1e-6}])
def test_validation_uses_neither_training_nor_test_images(mislabeled, change):
    settings = TrainClassifierSettings(**change)
    assert not len(train_head.train(mislabeled, settings).validation_probabilities), "nobody asked"
    trained_head = train_head.train(mislabeled, settings.model_copy(update={"validation": True}))
    check_validated(mislabeled, trained_head.validation_probabilities)
    labels = mislabeled.labels(mislabeled.train_rows)
    own = trained_head.probabilities[mislabeled.train_rows].argmax(axis=1) == labels
    assert own.mean() > 0.8 or "strength" not in change
    other = train_head.train(
        change_test_images(mislabeled, 0), settings.model_copy(update={"validation": True})
    )
    assert np.allclose(other.validation_probabilities, trained_head.validation_probabilities, atol=1e-5)


def test_validation_of_a_hidden_layer_uses_neither_training_nor_test_images(mislabeled):
    """Only the heads of the folds are trained, once, because Keras takes seconds for each."""
    settings = TrainClassifierSettings(head="mlp", hidden=64, validation=True)
    training = change_test_images(mislabeled, np.nan)  # spreads to all that depends on it
    probabilities = train_head._cross_validate_mlp(training, settings, Progress())
    check_validated(mislabeled, probabilities)
    assert np.isfinite(probabilities).all()


@pytest.mark.slow
@pytest.mark.parametrize("change", [{}, {**TUNED, "epochs": 1}], ids=["linear", "tuned"])
def test_figures_have_validation_and_test_accuracy(narrow_vgg16, class_folder, change):
    result = train(class_folder, **change, validation=True)
    assert 0 <= result.figures["validation_accuracy"] <= 1
    count = result.figures["images"] - result.figures["held_out"]
    assert result.figures["n"] == 12
    if change:
        assert 0 < result.figures["validation_n"] < count / 3
        assert any("held out for validation" in note for note in result.figures["notes"])
    else:
        assert result.figures["validation_n"] == count


@pytest.mark.parametrize(
    "change, expected",
    [
        (
            {"blocks": 2, "learning_rate": 0.001},
            ["Without effect without fine-tuning: blocks, learning rate."],
        ),
        ({"flip": "off", "finetune": True, "blocks": 2}, []),
        ({"head": "mlp", "hidden": 16, "strength": 0.1}, ["Without effect with a hidden layer: strength."]),
        ({"hidden": 16, "strength": 0.1}, ["Without effect with a linear head: hidden."]),
    ],
)
def test_unused_settings_are_described(change, expected):
    assert TrainClassifierSettings(**change).describe_unused() == expected


@pytest.mark.slow
def test_the_preset_has_all_data_of_the_page(weights_home, train_cached, tmp_path):
    preset = presets.unpack(train_cached().packed, tmp_path / "model")
    record = preset.read_data()
    assert record["classes"] == ["disc", "lying", "standing"] and record["trained_on"] == "shapes"
    assert {"figures", "evaluation", "tested", "map", "learning_curve", "command"} <= set(record)
    assert {entry["name"] for entry in record["top_losses"]} == set(record["tested"]["names"])
    assert len(record["map"]["x"]) == len(record["map"]["y"]) == len(record["tested"]["names"])
    learned = [row["images"] for row in record["learning_curve"]]
    assert learned == sorted(set(learned)) and learned[-1] == 24 and len(learned) >= 2
    assert record["learning_curve"][-1]["accuracy"] >= record["learning_curve"][0]["accuracy"]
    card = preset.read_card()
    assert "python -m training.train_classifier shapes -o DIR --backbone vgg16 --size 32" in card
    assert "36 images" in card and "License: not stated" in card and "| disc | 4 |" in card
    assert saved_models.read_image(preset).startswith(b"RIFF")
    assert preset.read_recipe().weights == {"vgg16": backbones.load("vgg16").digest}


def test_the_map_separates_classes(train_cached, home, tmp_path):
    record = presets.unpack(train_cached().packed, tmp_path / "model").read_data()
    points = np.array([record["map"]["x"], record["map"]["y"]]).T
    truth = np.array(record["tested"]["truth"])
    centers = np.stack([points[truth == label].mean(axis=0) for label in range(3)])
    nearest = np.linalg.norm(points[:, None] - centers, axis=2).argmin(axis=1)
    assert (nearest == truth).mean() > 0.8


def test_two_classes_can_be_trained(weights_home, class_folder, tmp_path):
    pair = tmp_path / "pair"
    for name in ("lying", "standing"):
        (pair / name).mkdir(parents=True)
        for path in (class_folder / name).iterdir():
            (pair / name / path.name).write_bytes(path.read_bytes())
    result = train(pair)
    assert (
        result.figures["accuracy"] > 0.8
        and np.isfinite(unpack(result, tmp_path).read_data()["map"]["y"]).all()
    )


@pytest.mark.slow
def test_the_score_on_its_own_dataset_uses_the_whole_test_split(
    weights_home, class_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(task, "MAX_LISTED_PREDICTIONS", 5)  # the folder lists that many one by one
    dataset = data.load_dataset(data.store_reference(str(class_folder)), 32)
    for name, pixels in (("own", dataset.images), ("other", 255 - dataset.images)):
        np.savez(tmp_path / f"{name}.npz", images=pixels, labels=dataset.labels)
    result = train(tmp_path / "own.npz")
    preset = unpack(result, tmp_path)
    assert len(preset.read_data()["tested"]["names"]) == 5
    assert len(preset.read_data()["top_losses"]) == 12, "of all test images"
    figures = score.score_preset(preset, str(tmp_path / "own.npz"), None, Progress())
    assert (figures["n"], figures["accuracy"]) == (12, pytest.approx(result.figures["accuracy"]))
    assert score.score_preset(preset, str(tmp_path / "own.npz"), (0.667, 1.0), Progress())["accuracy"] == (
        pytest.approx(figures["accuracy"])
    )
    other = score.score_preset(preset, str(tmp_path / "other.npz"), None, Progress())
    assert other["n"] == 36  # as many arrays, with the same names


@pytest.mark.slow
def test_the_score_on_a_larger_dataset_leaves_out_training_images(
    weights_home, train_cached, class_folder, tmp_path
):
    grown = shutil.copytree(class_folder, tmp_path / "grown")
    preset = presets.unpack(train_cached().packed, tmp_path / "model")
    more = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    Image.fromarray(more).save(grown / "disc" / "more.png")
    (grown / "lying" / "00.png").rename(grown / "lying" / "other.png")
    figures = score.score_preset(preset, str(grown), None, Progress())
    assert figures["n"] == 13  # 12 test images and the new one
    assert "24 training images were left out." in figures["notes"]
    assert score.score_preset(preset, str(grown), (0.0, 0.5), Progress())["n"] <= 8


def test_two_images_of_each_class_suffice(weights_home, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a/0", "a/1", "b/0", "b/1"):
        (tmp_path / "few" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), "uint8")).save(tmp_path / "few" / f"{name}.png")
    result = train(tmp_path / "few")
    assert result.figures["n"] == 2
    assert np.isfinite(unpack(result, tmp_path).read_data()["map"]["x"]).all()


def test_nearly_identical_images_are_refused_before_the_backbone_loads(home, tmp_path, monkeypatch):
    monkeypatch.setattr(backbones, "load", lambda *arguments: pytest.fail("it was loaded"))
    rng = np.random.default_rng(0)
    base = np.kron(rng.integers(0, 256, (5, 5, 3)), np.ones((8, 8, 1)))
    for n in range(8):
        (tmp_path / "alike" / "ab"[n % 2]).mkdir(parents=True, exist_ok=True)
        pixels = np.clip(base + rng.normal(0, 4, base.shape), 0, 255).astype("uint8")
        Image.fromarray(pixels).save(tmp_path / "alike" / "ab"[n % 2] / f"{n}.png")
    with pytest.raises(InvalidInput, match=r"nearly identical within.*Add"):
        train(tmp_path / "alike")


@pytest.mark.slow
def test_the_seed_determines_the_model(weights_home, train_cached, class_folder, tmp_path):
    first = presets.unpack(train_cached().packed, tmp_path / "first")
    again, other = (unpack(train(class_folder, seed=seed), tmp_path / str(seed)) for seed in (0, 1))
    assert first.digest == again.digest != other.digest
    assert first.read_data()["tested"]["names"] != other.read_data()["tested"]["names"]


@pytest.mark.slow
def test_fine_tuning_does_not_change_the_shared_backbone(weights_home, train_cached, monkeypatch):
    result = train_cached(**TUNED)
    shared = backbones.load("vgg16").model.get_weights()
    monkeypatch.setattr(backbones, "_BACKBONE_CACHE", {})
    fresh = backbones.load("vgg16").model.get_weights()
    assert all(np.array_equal(*pair) for pair in zip(fresh, shared, strict=True))
    curve = result.figures["curve"]
    assert curve["steps"] == [3, 6] and len(curve["accuracy"]) == len(curve["loss"]) == 2
    assert len(curve["train_accuracy"]) == 2 and all(0 < value <= 1 for value in curve["train_accuracy"])
    assert not list((result.home / "cache" / "activations").iterdir())


@pytest.fixture
def training_inputs(narrow_vgg16, class_folder):
    """A training set, the weights of its head, and settings for fine-tuning."""
    settings = TrainClassifierSettings(**TUNED)
    training = training_set.load(data.store_reference(str(class_folder)), "vgg16", 32, settings.held_out, 0)
    return training, train_head.train(training, settings).weights, settings


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_fine_tuning_starts_from_the_trained_head(training_inputs):
    training, weights, settings = training_inputs
    top = finetune.build_top(training, weights, settings)
    frozen = train_head.train(training, settings).probabilities[training.test_rows]
    with finetune.open_activations(
        training.dataset, training.backbone, settings.cut, True, Progress()
    ) as maps_store:
        assert maps_store.shape == (36, 2, 2, 2, 32)
        maps = maps_store.read(training.test_rows, np.zeros(len(training.test_rows), "int64"))
        assert np.allclose(top.predict_on_batch(maps), frozen, atol=2e-3)
        mirrored = maps_store.read(training.test_rows, np.ones(len(training.test_rows), "int64"))
    assert not np.allclose(maps, mirrored, atol=0.1)
    extract = training.backbone.build_extractor([settings.cut])
    images = np.asarray(training.dataset.images[training.test_rows])[:, :, ::-1].astype("float32") / 255
    assert np.allclose(extract(images)[settings.cut], mirrored, rtol=2e-3, atol=2e-2)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_removing_the_activations_file_does_not_disturb_readers(training_inputs):
    training, _, settings = training_inputs
    arguments, rows = (training.dataset, training.backbone, settings.cut, True, Progress()), np.arange(3)
    with finetune.open_activations(*arguments) as store:
        with finetune.open_activations(*arguments) as read:
            before = store.read(rows, rows % 2)
            assert before.std() > 0 and np.array_equal(read.read(rows, rows % 2), before)
        for path in (paths.ensure_folder("cache") / "activations").iterdir():  # as if the cache was freed
            path.unlink()
        assert np.array_equal(store.read(rows, rows % 2), before)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_canceling_an_evaluation_restores_the_trained_weights(training_inputs):
    training, weights, settings = training_inputs
    top = finetune.build_top(training, weights, settings)
    with finetune.open_activations(
        training.dataset, training.backbone, settings.cut, True, Progress()
    ) as store:
        tuner = finetune.Tuner(training, top, store, settings)
        for tuner.step in range(3):
            tuner.advance()
        before = [np.array(variable) for variable in top.trainable_variables]
        with pytest.raises(Cancelled):
            tuner.test(Progress(cancelled=lambda: True))
        now = [np.array(variable) for variable in top.trainable_variables]
    assert not np.array_equal(before[0], tuner.ema.arrays[0])
    assert all(map(np.array_equal, before, now))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_label_smoothing_lowers_confidence(training_inputs):
    training, weights, settings = training_inputs
    # a high rate, so that the EMA is close to the trained weights
    change = {"epochs": 6, "batch": 12, "learning_rate": 0.001}
    low, high = (
        finetune.finetune(training, weights, settings.model_copy(update={**change, "label_smoothing": value}))
        for value in (0.01, 0.45)
    )
    assert low.probabilities.max(axis=1).mean() > high.probabilities.max(axis=1).mean() + 0.05


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_resumed_run_equals_an_uninterrupted_one(training_inputs, monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", 0)
    training, weights, settings = training_inputs
    full_run = finetune.finetune(training, weights, settings)
    run, reports = checkpoints.Run(paths.ensure_folder("runs") / "test"), []
    stop = Progress(reports.append, lambda: any(report.step == 4 and report.total == 6 for report in reports))
    partial_run = finetune.finetune(training, weights, settings, stop, run)
    assert partial_run.stop_reason == "cancelled" and partial_run.step == 4
    resumed_run = finetune.finetune(training, weights, settings, Progress(), run)
    assert resumed_run.step == full_run.step == 6 and resumed_run.curves.steps == full_run.curves.steps
    assert np.allclose(resumed_run.probabilities, full_run.probabilities, atol=1e-5)
    assert not np.allclose(partial_run.probabilities, full_run.probabilities, atol=1e-5)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_cancelled_run_is_saved_and_resumes_with_its_earlier_seconds(
    narrow_vgg16, class_folder, tmp_path, monkeypatch
):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", 0)
    reports, save = [], checkpoints.Run.save

    def saved_long_after(run, checkpoint):
        curves = {**checkpoint.notes["curves"], "seconds": 7000.0}
        save(
            run,
            checkpoints.Checkpoint(
                checkpoint.step, checkpoint.arrays, {**checkpoint.notes, "curves": curves}
            ),
        )

    monkeypatch.setattr(checkpoints.Run, "save", saved_long_after)
    stop = Progress(reports.append, lambda: any(report.step == 2 and report.total == 6 for report in reports))
    result = train(class_folder, stop, **TUNED)
    assert result.stopped_early and result.figures["steps"] == 2
    assert len(list((paths.ensure_folder("cache") / "activations").iterdir())) == 1  # needed to resume
    tested, probabilities = predict_after_training(result, class_folder, tmp_path)
    assert probabilities.argmax(axis=1).tolist() == tested["guess"]

    result = train(class_folder, **TUNED)
    assert result.figures["steps"] == 6 and result.figures["seconds"] > 7000
    seconds = f"{result.figures['seconds']:.0f} seconds"
    assert seconds in unpack(result, tmp_path / "whole").read_card()


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_canceling_before_fine_tuning_keeps_the_head(narrow_vgg16, class_folder, tmp_path):
    reports = []
    stop = Progress(
        reports.append, lambda: any(report.text == "Preparing to fine-tune" for report in reports)
    )
    result = train(class_folder, stop, **TUNED)
    assert result.stopped_early and result.figures["steps"] == 0
    assert result.figures["accuracy"] == result.figures["head_accuracy"]
    assert any("only the head was trained" in note for note in result.figures["notes"])
    assert "The backbone stayed frozen." in unpack(result, tmp_path / "card").read_card()
    tested, probabilities = predict_after_training(result, class_folder, tmp_path)
    assert probabilities.argmax(axis=1).tolist() == tested["guess"]


def predict_after_training(result, class_folder, tmp_path):
    return load_predictions(unpack(result, tmp_path), class_folder)


def test_canceling_before_the_head_raises(weights_home, class_folder):
    with pytest.raises(Cancelled):
        train(class_folder, Progress(cancelled=lambda: True))


def test_one_class_is_refused_before_the_backbone_loads(home, class_folder):
    with pytest.raises(InvalidInput, match="two classes"):
        train(class_folder / "disc")


@pytest.mark.parametrize("damage", ["other training", "no classes", "other classes"])
def test_an_incomplete_preset_is_refused(weights_home, train_cached, tmp_path, damage):
    preset = presets.unpack(train_cached().packed, tmp_path / "model")
    name = model_folder.RECIPE if damage == "other training" else model_folder.SETTINGS
    record = json.loads((preset.folder / name).read_text())
    if damage == "other training":
        record["weights"]["vgg16"] = "0" * 64
    else:
        record["data"]["classes"] = ["one", "two"] if damage == "other classes" else None
    (preset.folder / name).write_text(json.dumps(record))
    classifier._CACHE.clear()
    with pytest.raises(StudioError, match=SECOND_SENTENCE):
        trained.load(presets.find(preset.folder))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_fine_tuning_freezes_batch_normalization(lite0_home, class_folder):
    backbone = "efficientnet-lite0"
    settings = TrainClassifierSettings(backbone=backbone, size=32, finetune=True, epochs=1, batch=8)
    training = training_set.load(data.store_reference(str(class_folder)), backbone, 32, settings.held_out, 0)
    weights = train_head.train(training, settings).weights
    before = finetune.build_top(training, weights, settings)
    tuned = finetune.finetune(training, weights, settings).result
    moved = {
        (layer.name, variable.name)
        for layer, old in zip(tuned.layers, before.layers, strict=True)
        for variable, was in zip(layer.variables, old.variables, strict=True)
        if not np.array_equal(variable, was)
    }
    names = {name for name, _ in moved}
    assert any(name.endswith("_conv") for name in names) and "probabilities" in names
    assert not any(name.endswith("_bn") for name in names)

"""Several labels for each image: heads with sigmoids, the split, metrics, and a set of real photos."""

from __future__ import annotations

import functools
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn import metrics

from benchmarks import multi_label
from studio.classify.data import audit, folder_split, split
from studio.classify.inference import grad_cam, predict, score
from studio.classify.models import rejection, trained
from studio.classify.settings import ExportSettings, PredictSettings, StudySettings, TrainClassifierSettings
from studio.classify.training import evaluate, head, train_head, training_set
from studio.core import data, tasks
from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.objectives import backbones
from studio.core.progress import Progress
from tests.wording import says_what_to_do

CLASSES = ("cat", "dog", "eel")


def make_features(count=240, wide=24, seed=0):
    """Returns features `(n, d)` and multi-hot labels `(n, 3)` that follow from them, with noise."""
    rng = np.random.default_rng(seed)
    multi_hot = rng.random((count, 3)) < [0.5, 0.3, 0.1]
    directions = np.random.default_rng(9).normal(size=(3, wide))
    features = multi_hot @ directions + rng.normal(size=(count, wide)) + 2
    return features.astype("float32"), multi_hot


def make_dataset(multi_hot):
    names = tuple(f"{n:03}.png" for n in range(len(multi_hot)))
    images = np.zeros((len(multi_hot), 8, 8, 3), "uint8")
    return ImageDataset(images, names, None, CLASSES, multi_hot=multi_hot, sizes=np.full((len(names), 2), 8))


def make_training_set():
    features, multi_hot = make_features()
    rows = np.arange(len(features))
    return training_set.TrainingSet(
        make_dataset(multi_hot),
        backbones.Backbone(None, None, ""),
        features,
        rows[:160],
        rows[160:],
        rows[:160] % 4,
    )


def test_each_class_has_the_logistic_regression_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    features, multi_hot = make_features()
    space = head.FeatureSpace(features)
    ours = head.fit(space.features, multi_hot, 3, 1e-3)
    for n in range(3):
        other = LogisticRegression(C=1 / (1e-3 * len(features)), max_iter=2000, tol=1e-8)
        expected = other.fit(space.features, multi_hot[:, n]).predict_proba(space.features)[:, 1]
        assert np.abs(ours.predict(space.features)[:, n] - expected).max() < 0.01
    plain = space.unfold(ours).predict(features)
    assert np.allclose(plain, ours.predict(space.features), atol=1e-4)


@pytest.mark.parametrize(
    "change", [{}, pytest.param({"head": "mlp", "hidden": 64}, marks=pytest.mark.slow)], ids=["linear", "mlp"]
)
def test_heads_learn_independent_classes(change):
    samples = make_training_set()
    settings = TrainClassifierSettings(**change, validation=True)
    trained_head = train_head.train(samples, settings)
    truth = samples.labels(samples.test_rows)
    figures = evaluate.measure(trained_head.probabilities[samples.test_rows], truth)
    assert figures["mean_average_precision"] > 0.65, f"chance is {truth.mean():.2f}"
    assert np.ptp(trained_head.probabilities.sum(axis=1)) > 0.5, "probabilities are independent"
    validated = evaluate.measure(trained_head.validation_probabilities, samples.labels(samples.train_rows))
    assert 0.65 < validated["mean_average_precision"] < 0.999
    network = train_head.build_head_network(samples, settings, trained_head)
    outputs = np.asarray(network(samples.features[:, None, None]))
    assert outputs == pytest.approx(trained_head.probabilities, abs=1e-4)
    points = train_head.measure_learning_curve(samples, trained_head, 0)
    assert points[-1]["images"] == 160 and points[-1]["mean_average_precision"] > 0.75


def test_temperature_scaling_softens_sigmoids():
    rng = np.random.default_rng(0)
    probabilities = rng.uniform(0.05, 0.95, (4000, 3))
    truth = rng.random((4000, 3)) < probabilities
    logits = np.log(probabilities / (1 - probabilities))
    overconfident = (1 / (1 + np.exp(-3 * logits))).astype("float32")
    assert head.fit_temperature(overconfident, truth) == pytest.approx(3, rel=0.1)
    assert head.apply_temperature(overconfident, 3, True) == pytest.approx(probabilities, abs=1e-3)


def test_losses_are_the_binary_cross_entropy_of_keras():
    import keras

    _, truth = make_features(20)
    probabilities = np.random.default_rng(1).random((20, 3)).astype("float32")
    expected = keras.losses.binary_crossentropy(truth.astype("float32"), probabilities)
    assert head.image_losses(probabilities, truth) == pytest.approx(np.asarray(expected), abs=1e-5)


def test_metrics_are_those_of_scikit_learn_and_undefined_ones_are_none():
    _, truth = make_features(60)
    truth[:, 2] = False
    probabilities = np.clip(truth * 0.4 + np.random.default_rng(2).random((60, 3)) * 0.6, 0, 1)
    probabilities[:, 2] = 0.1
    result = evaluate.evaluate(probabilities, truth, CLASSES)
    guess = probabilities >= 0.5
    expected = [metrics.average_precision_score(truth[:, n], probabilities[:, n]) for n in range(2)]
    assert result["mean_average_precision"] == pytest.approx(np.mean(expected))
    assert result["f1_macro"] == pytest.approx(np.mean(metrics.f1_score(truth, guess, average=None)[:2]))
    assert result["f1_micro"] == pytest.approx(metrics.f1_score(truth, guess, average="micro"))
    assert result["accuracy"] == pytest.approx(np.mean(guess == truth))
    cat, _, eel = result["per_class"]
    assert cat["count"] == truth[:, 0].sum() and cat["average_precision"] == pytest.approx(expected[0])
    assert cat["recall"] == pytest.approx(guess[truth[:, 0], 0].mean())
    assert cat["precision"] == pytest.approx(truth[guess[:, 0], 0].mean())
    assert eel == {"name": "eel", "count": 0, "average_precision": None, "recall": None, "precision": None}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_images_without_any_label_are_not_evaluated():
    with pytest.raises(InvalidInput, match="at least one with a label") as caught:
        evaluate.evaluate(np.full((4, 3), 0.2), np.zeros((4, 3), bool), CLASSES)
    assert says_what_to_do(str(caught.value))


def test_top_losses_name_all_labels():
    truth = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0]], bool)
    probabilities = np.array([[0.9, 0.8, 0.1], [0.1, 0.2, 0.9], [0.9, 0.1, 0.1]])
    dataset = make_dataset(truth)
    losses = evaluate.list_top_losses(dataset, np.arange(3), truth, probabilities, CLASSES)
    assert [(entry["name"], entry["label"], entry["prediction"]) for entry in losses] == [
        ("001.png", "none of these", "eel"),
        ("000.png", "cat, dog", "cat, dog"),
        ("002.png", "cat", "cat"),
    ]
    listed = evaluate.list_predictions(dataset, np.arange(3), truth, probabilities)
    assert listed["truth"] == [[0, 1], [], [0]] and listed["guess"] == [[0, 1], [2], [0]]


@pytest.mark.parametrize("seed", range(3))
def test_the_split_has_its_share_of_rare_labels_and_of_images_without_one(seed):
    _, multi_hot = make_features(400)
    train_rows, test_rows = split.split(split.stratify(multi_hot), np.arange(400), 0.3, seed)
    assert sorted([*train_rows, *test_rows]) == list(range(400))
    share = multi_hot[test_rows].sum(axis=0) / multi_hot.sum(axis=0)
    assert share == pytest.approx([0.3] * 3, abs=0.06) and share[2] == pytest.approx(0.3, abs=0.02)
    is_empty = ~multi_hot.any(axis=1)
    assert is_empty[test_rows].sum() == pytest.approx(0.3 * is_empty.sum(), abs=1)


def test_folders_split_images_with_several_labels():
    multi_hot = np.array([[1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 0]], bool)
    names = ("train/0.png", "train/1.png", "test/2.png", "test/3.png")
    dataset = ImageDataset(np.zeros((4, 8, 8, 3), "uint8"), names, None, CLASSES, multi_hot=multi_hot)
    own_split = folder_split.find(dataset)
    assert own_split is not None and own_split.train_rows.tolist() == [0, 1]
    multi_hot[2, 0] = False
    assert folder_split.find(dataset) is None, "test has no label"
    multi_hot[2, 0], multi_hot[1, 2] = True, False
    assert folder_split.find(dataset) is None, "train lacks a class"


@pytest.mark.parametrize(
    "column, message",
    [([1, 0, 0, 0, 0, 0], "1 of eel"), ([1, 1, 1, 1, 1, 0], "eel on 5 of 6 images")],
)
def test_too_few_images_with_or_without_a_label_are_refused(column, message):
    multi_hot = np.array([[1, 0, 0, 1, 1, 0], [0, 1, 0, 1, 0, 1], column], bool).T
    with pytest.raises(InvalidInput, match=message) as caught:
        audit.check(make_dataset(multi_hot), "set")
    assert says_what_to_do(str(caught.value))


SIZE, BACKBONE = 96, "efficientnet-lite0"
PHOTO_CLASSES = ("airplanes", "butterfly", "sunflower", "watch")


@pytest.fixture(scope="module")
def photos(data_dir, tmp_path_factory):
    """A folder of 80 squares of real photos, with their `labels.csv`."""
    folder = tmp_path_factory.mktemp("photos") / "objects"
    return multi_label.compose(folder, data_dir / multi_label.PHOTOS.name, 80, PHOTO_CLASSES)


@pytest.fixture(scope="module")
def train_cached(lasting_weights_home, photos):
    """Trains once for all tests that only read the result: `train_cached(**change)`."""

    @functools.cache
    def train_once(change):
        with lasting_weights_home():
            settings = TrainClassifierSettings(backbone=BACKBONE, size=SIZE, **dict(change))
            result = tasks.run("classify.train", settings, {"data": [data.store_reference(str(photos))]})
            return result.figures, result.files[0].read()

    return lambda **change: train_once(tuple(change.items()))


@pytest.fixture
def preset(lite0_home, train_cached, tmp_path):
    return presets.unpack(train_cached()[1], tmp_path / "objects")


@pytest.fixture
def model(lite0_home, train_cached):
    return tasks.File.store(train_cached()[1], "model", "objects.zip")


@pytest.mark.slow
@pytest.mark.parametrize("change", [{}, {"finetune": True, "epochs": 1, "batch": 8, "flip": "off"}])
def test_a_classifier_of_real_photos_is_better_than_chance_and_opens_again(
    lite0_home, train_cached, photos, tmp_path, change
):
    figures, packed = train_cached(**change)
    preset = presets.unpack(packed, tmp_path / "objects")
    stored = preset.read_data()
    chance = np.mean(
        [entry["count"] / stored["evaluation"]["n"] for entry in stored["evaluation"]["per_class"]]
    )
    assert figures["mean_average_precision"] > chance + 0.25
    assert stored["evaluation"]["mean_average_precision"] == figures["mean_average_precision"]
    assert trained.load(preset).independent and trained.load(preset).threshold == 0.5
    assert "| mean average precision on the test images |" in preset.read_card()
    again = score.score_preset(preset, str(photos), None, Progress())
    assert again["n"] == figures["n"]
    assert again["mean_average_precision"] == pytest.approx(figures["mean_average_precision"], abs=0.02)


@pytest.mark.slow
def test_predictions_list_all_labels_above_the_threshold_first(model, photos):
    files = [tasks.File.store(path.read_bytes(), "image", path.name) for path in sorted(photos.glob("*.jpg"))]
    result = tasks.run("classify.predict", PredictSettings(top=1), {"images": files[:64], "model": [model]})
    predictions = result.figures["images"]
    counts = {len(entry["predicted"]) for entry in predictions}
    assert {0, 1, 2} <= counts
    for entry, line in zip(predictions, predict.format_predictions(result.figures).split("\n"), strict=True):
        above = [label["label"] for label in entry["labels"] if label["probability"] >= 0.5]
        assert entry["predicted"] == above and entry[rejection.KEY] == (not above)
        assert len(entry["labels"]) == max(1, len(above))
        assert line.startswith(f"{entry['path']}: {above[0] if above else 'none of these ('}")
    loose = PredictSettings(reject=False)
    (entry,) = tasks.run("classify.predict", loose, {"images": files[:1], "model": [model]}).figures["images"]
    assert len(entry["labels"]) == 4 and "predicted" not in entry


@pytest.mark.slow
def test_the_heatmap_of_a_class_is_the_gradient_of_its_logit(preset, photos):
    import keras

    classifier = trained.load(preset)
    pixels = image_io.resize(image_io.read(photos / "0000.jpg"), SIZE, SIZE)
    maps = np.asarray(keras.Model(classifier.network.input, classifier.maps)(pixels[None]))[0]
    kernel, _ = classifier.network.layers[-1].get_weights()
    for n in range(len(PHOTO_CLASSES)):  # of a linear head, the gradient is its weights
        heat, probabilities, index = grad_cam.explain(classifier, pixels, n)
        expected = np.maximum(maps @ kernel[:, n], 0)
        assert heat == pytest.approx(expected / expected.max(), abs=1e-3) and index == n
        assert probabilities == pytest.approx(classifier.predict([pixels])[0], abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "form, ending", [("keras", "keras"), ("tflite", "tflite"), ("onnx", "onnx"), ("tfjs", "zip")]
)
def test_exports_agree_and_their_programs_print_all_labels(preset, model, photos, tmp_path, form, ending):
    if form == "onnx":
        pytest.importorskip("tf2onnx")
    settings, inputs = ExportSettings(form=form), {"model": [model]}
    tasks.check("classify.export", settings, inputs)
    result = tasks.run("classify.export", settings, inputs)
    assert result.figures["largest_difference"] < 1e-4
    program = result.files[1].read().decode()
    assert "0.5" in program
    if form != "tflite":
        return
    (tmp_path / "objects.tflite").write_bytes(result.files[0].read())
    (tmp_path / "ask.py").write_text(program)
    classifier, photo = trained.load(preset), sorted(photos.glob("*.jpg"))[0]
    expected = classifier.list_predicted(classifier.predict([image_io.read(photo)])[0])
    command = [sys.executable, "-I", "ask.py", "objects.tflite", str(photo)]
    process = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    first = f"labels: {', '.join(expected) or 'none of these'}"
    assert process.stdout.splitlines()[0] == first, process.stderr


@pytest.mark.slow
def test_teachable_machine_is_refused_and_int8_is_tested(preset, model, photos):
    inputs = {"model": [model]}
    with pytest.raises(InvalidInput, match="one class for each image") as caught:
        tasks.check("classify.export", ExportSettings(form="teachable"), inputs)
    assert says_what_to_do(str(caught.value))
    inputs["data"] = [data.store_reference(str(photos))]
    figures = tasks.run("classify.export", ExportSettings(form="tflite", precision="int8"), inputs).figures
    assert figures["agreement"] > 0.9 and figures["tested"] == preset.read_data()["evaluation"]["n"]


@pytest.mark.slow
def test_the_audit_says_that_labels_are_not_checked_and_the_study_refuses(lite0_home, photos):
    inputs = {"data": [data.store_reference(str(photos))]}
    findings = tasks.run("classify.audit", tasks.get("classify.audit").settings(size=SIZE), inputs).figures
    assert findings["multi_label"] and "Labels were not checked" in " ".join(findings["notes"])
    assert not findings.get("suspicious")
    with pytest.raises(InvalidInput, match="one label for each image"):
        tasks.run("classify.study", StudySettings(size=SIZE), inputs)


@pytest.mark.slow
def test_a_single_label_classifier_is_not_scored_on_several_labels(
    lite0_home, photos, tmp_path, class_folder
):
    settings = TrainClassifierSettings(backbone=BACKBONE, size=32)
    result = tasks.run("classify.train", settings, {"data": [data.store_reference(str(class_folder))]})
    single = presets.unpack(result.files[0].read(), tmp_path / "single")
    with pytest.raises(InvalidInput, match="one label for each image"):
        score.score_preset(single, str(photos), None, Progress())

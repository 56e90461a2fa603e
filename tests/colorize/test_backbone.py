"""Networks on the features of a backbone: what is trained and saved, their download and LiteRT file."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_colorize
from PIL import Image

from studio.colorize import backbone, bins, colorizer, models, network
from studio.colorize.learn import card
from studio.colorize.learn.learner import Learner
from studio.colorize.settings import QUICK_NETWORK, ColorizeSettings, TrainColorizeSettings
from studio.core import caches, owners, recipes, tasks
from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.core.litert import network as litert
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.core.weights import downloads, index
from training import publish

NAME, SETTINGS = tiny_colorize.BACKBONE, tiny_colorize.BACKBONE_SETTINGS
GRAY_LEVELS = np.arange(256, dtype="uint8")[:, None].repeat(3, axis=1)


@pytest.fixture
def refuse_downloads(monkeypatch):
    """Makes all downloads fail, also those of child processes, which run in this one."""

    def fail(source, *args):
        raise downloads.DownloadFailed("no connection")

    monkeypatch.setattr(downloads, "fetch", fail)
    monkeypatch.setattr(backbone.pretrained, "pull_in_child", backbone.pretrained.pull)


@pytest.mark.parametrize("name", ["none", NAME])
@pytest.mark.parametrize("width", [4, 24])
def test_parameters_are_counted_without_keras(name, width):
    settings = TrainColorizeSettings(backbone=name, width=width)
    assert network.build_network(settings).count_params() == models.count_parameters(settings)


def test_the_backbone_sees_the_photo_at_twice_its_size():
    photo = np.random.default_rng(0).random((12, 20), "float32")
    expected = np.asarray(Image.fromarray(photo).resize((40, 24), Image.Resampling.BILINEAR))
    doubled = np.asarray(network.double(photo[None, ..., None]))
    np.testing.assert_allclose(doubled[0, ..., 0], expected, atol=1e-6)


@pytest.mark.slow
@pytest.mark.usefixtures("lite0_home", "eager")
def test_only_the_decoder_is_trained_and_saved():
    learner = Learner(SETTINGS, np.full(len(bins.centers()), 1 / len(bins.centers()), "float32"))
    assert sum(map(np.size, learner.get_weights())) == models.count_parameters(SETTINGS)
    whole_network = learner.get_whole_network()
    rng = np.random.default_rng(0)
    batch = {
        "input": rng.uniform(-1, 1, (2, 32, 32, 4)).astype("float32"),
        "colors": rng.normal(0, 20, (2, 8, 8, 2)).astype("float32"),
    }
    before = [array.copy() for array in whole_network.get_weights()]
    learner.compile_with_schedule()
    for _ in range(2):  # the learning rate of the first step is 0
        learner.train_on_batch(batch)
    trained = {id(variable) for variable in learner.trainable_variables}
    changed = {
        id(variable)
        for variable, array in zip(whole_network.weights, before, strict=True)
        if not np.array_equal(variable, array)
    }
    assert changed and changed <= trained
    assert len(before) > len(learner.weights) > len(trained)


@pytest.fixture(scope="module")
def converted(lasting_weights_home):
    """A STUDIO_HOME with a tiny network on EfficientNet-Lite0, which was converted, and its preset."""
    with lasting_weights_home() as home:
        if not backbone.pretrained.get_status(NAME).cached:
            pytest.skip(f"the weights {NAME} are out of reach")
        preset = tiny_colorize.make("on-features", SETTINGS)
        assert backbone.list_needs(preset) == (NAME,)
        with owners.acting_as("ann"):
            colorizer.Colorizer(preset)
        yield home, preset


@pytest.mark.slow
def test_the_file_for_inference_contains_the_backbone(converted, monkeypatch):
    home, preset = converted
    monkeypatch.setenv("STUDIO_HOME", str(home))
    whole_network = network.load_exported_networks(preset)["network"]
    rng = np.random.default_rng(0)
    colorizing = colorizer.Colorizer(preset)
    for shape in ((48, 64), (80, 32)):
        planes = rng.uniform(-1, 1, (1, *shape, 4)).astype("float32")
        expected = whole_network.predict_on_batch(planes)
        (output,) = colorizing._network(planes)
        assert expected.shape == (1, shape[0] // 4, shape[1] // 4, len(bins.centers()))
        np.testing.assert_allclose(output, expected, atol=0.01 * np.ptp(expected))


@pytest.mark.slow
def test_a_converted_network_needs_no_weights_and_the_recipe_names_them(converted, home, monkeypatch, cat):
    with_weights, preset = converted
    digest = preset.read_recipe().weights[NAME]
    (home / "cache").mkdir(parents=True)
    (home / "cache" / "litert").symlink_to(with_weights / "cache" / "litert", target_is_directory=True)
    preset = presets.find(preset.folder)
    assert backbone.list_needs(preset) == () and not backbone.pretrained.get_status(NAME).cached
    gray = image_io.encode_png(image_io.to_gray(cat).repeat(3, axis=2))
    inputs = {"content": [File.store(gray, "image", "cat.png")]}
    monkeypatch.setattr(models, "find_network", lambda settings, inputs: preset)
    result = tasks.run("colorize.apply", ColorizeSettings(), inputs)
    assert recipes.read(result.files[0].read()).weights[NAME] == digest


@pytest.mark.slow
def test_without_a_connection_the_error_names_the_network_that_needs_none(converted, home, refuse_downloads):
    stages = []
    preset = presets.find(converted[1].folder)
    with pytest.raises(Unavailable, match=f"EfficientNet-Lite0.*{QUICK_NETWORK}"):
        backbone.fetch(preset, Progress(lambda report: stages.append(report.stage)))
    assert "Converting the network, once" not in stages
    backbone.fetch(presets.find(QUICK_NETWORK), Progress())  # needs nothing


@pytest.mark.slow
def test_a_converted_file_counts_for_its_user_unless_the_model_is_shipped(converted, monkeypatch):
    home, preset = converted
    monkeypatch.setenv("STUDIO_HOME", str(home))
    assert caches.measure_used_bytes("ann") > 10**7
    shipped = index.load().presets[QUICK_NETWORK].model_copy(update={"litert": {}})
    monkeypatch.setattr(litert, "_find_shipped", lambda preset: shipped)
    with owners.acting_as("bob"):
        assert litert.read_file(preset)
    assert not caches.measure_used_bytes("bob")


@pytest.mark.slow
def test_the_files_of_such_a_network_are_not_shipped(converted):
    home, preset = converted
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(home))
        assert publish.write_litert(preset.folder) == {}
        assert not list(preset.folder.glob("*.tflite"))


def test_the_card_states_the_license_of_the_backbone():
    figures = {"parameters": 1000, "steps": 4, "seconds": 60, "photos": 20, "held_out": 2}
    figures |= {"tested_photos": 2, "error": 8, "pale_error": 7, "gray_error": 10, "notes": [], "ended": ""}
    text = card.compose("photos", SETTINGS, figures | {"started_from": ""}, "command")
    assert "EfficientNet-Lite0" in text and "Apache-2.0" in text and "downloaded on first use" in text
    assert "EfficientNet" not in card.compose(
        "photos", tiny_colorize.SETTINGS, figures | {"started_from": ""}, "command"
    )

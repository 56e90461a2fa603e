"""The VAE task: from a data set to a packed generator with an encoder and metrics."""

from __future__ import annotations

import json

import eager_mode
import h5py
import numpy as np
import pytest
import saved_models

from studio.core import data, tasks
from studio.core.data import split
from studio.core.errors import InvalidInput
from studio.core.generators import latent
from studio.core.generators.directions import MAX_DIRECTIONS
from studio.core.metrics import comparison
from studio.core.models import model_folder, presets
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.vae import density, encoding, latent_analysis
from studio.vae import train as training
from studio.vae.generator import load_vae, read_contrast
from studio.vae.task import _load_start_weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("eager")]


@pytest.fixture(scope="module")
def dataset(discs, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "discs.npz"
    np.savez(path, images=discs[..., 0])
    return data.store_reference(str(path))


@pytest.fixture(scope="module", autouse=True)
def few_samples_for_directions():
    """Searches latent directions in 100 samples: decoding 2,000 takes longer than these runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(latent_analysis, "DIRECTION_SAMPLES", 100)
        yield


@pytest.fixture(scope="module")
def result(dataset, tiny):
    with eager_mode.run_eagerly():
        return tasks.run("vae.train", tiny, {"data": [dataset]})


@pytest.fixture(scope="module")
def learned_result(dataset, learning_settings):
    """A run of so many steps that tracing is worthwhile; it precedes the fixture `eager` of a test."""
    return tasks.run("vae.train", learning_settings, {"data": [dataset]})


def rows_to_test(dataset, settings) -> np.ndarray:
    """Returns the test rows of a training run."""
    positions = split.compute_positions(data.load_dataset(dataset, settings.size, settings.channels))
    return split.split(positions, settings.held_out / 2, settings.held_out)[-1]


def open_model(result, name="discs"):
    preset = presets.unpack(result.files[0].read(), name)
    return preset, tasks.import_object(tasks.get(preset.task).load_generator)(preset)


def test_training_gives_a_complete_model(result, dataset, tiny):
    preset, generator = open_model(result)
    figures = result.figures
    assert preset.read_settings() == tiny and preset.read_recipe() == result.recipe
    assert preset.read_data()["figures"] == figures
    held_out = rows_to_test(dataset, tiny)
    assert (figures["steps"], figures["images"], figures["held_out"]) == (6, 128, len(held_out))
    assert figures["least_held_out"] == tiny.held_out
    assert figures["curve"]["steps"] == [3, 6] and len(figures["curve"]["validation"]) == 2
    assert len(figures["kl"]) == 4 and figures["kl_nats"] == pytest.approx(sum(figures["kl"]), abs=1e-3)
    card = preset.read_card()
    assert "128 images at 28 px" in card and "\nLicense: not stated\n" in card
    assert "python -m training.train_vae discs.npz -o DIR --steps 6" in card
    assert saved_models.read_image(preset).startswith(b"RIFF")
    assert isinstance(generator, latent.Generator)
    assert (generator.size, generator.latent_dim, generator.digest) == (28, 4, preset.digest)
    assert "direction-1" in generator.directions and generator.density is not None
    assert checkpoints.find_run("vae.train", tiny, {"data": [dataset]}).load() is None  # it is done


def test_the_model_generates_and_encodes(result, discs):
    _, generator = open_model(result)
    images = generator.decode(latent.sample(generator, 5, seed=0))
    assert images.shape == (5, 28, 28, 3) and images.dtype == np.uint8
    assert np.array_equal(images[..., 0], images[..., 2])
    z = generator.encode(np.repeat(discs[:3], 3, axis=-1), Progress())
    assert z.shape == (3, 4) and z.dtype == np.float32
    few = generator.encode(np.repeat(discs[:1], 3, axis=-1), Progress())
    assert np.allclose(few, z[:1], atol=1e-4)


def test_the_saved_model_is_the_trained_one(learned_result, dataset, discs, learning_settings):
    _, generator = open_model(learned_result)
    images = np.repeat(discs, 3, axis=-1)[rows_to_test(dataset, learning_settings)]
    again = generator.decode(generator.encode(images, Progress())).astype("float32")
    error = float(np.sqrt(np.mean((again - images) ** 2)))
    assert error == pytest.approx(learned_result.figures["redraw_error"], abs=0.5)
    assert learned_result.figures["active_units"] >= 2


@pytest.mark.slow  # a training
def test_binary_models_report_their_bound(dataset, tiny):
    result = tasks.run("vae.train", tiny.model_copy(update={"likelihood": "binary"}), {"data": [dataset]})
    held_out = len(rows_to_test(dataset, tiny))
    assert 0 < result.figures["bound_nats"] < 784 and result.figures["bound_n"] == held_out
    assert f"{held_out} held-out images, binarized once" in open_model(result)[0].read_card()


@pytest.mark.slow  # a training
def test_binary_models_generate_with_the_chosen_contrast(dataset, tiny, monkeypatch):
    monkeypatch.setattr(encoding, "choose_contrast", lambda *_: 2.5)
    result = tasks.run("vae.train", tiny.model_copy(update={"likelihood": "binary"}), {"data": [dataset]})
    preset, generator = open_model(result)
    assert preset.read_data()["contrast"] == result.figures["contrast"] == 2.5
    assert "logits times 2.5" in preset.read_card()
    z, vae = latent.sample(generator, 5, seed=0), load_vae(preset)
    images = generator.decode(z)[..., :1].astype(int)
    assert np.abs(images - encoding.decode(vae, z, 2.5)).max() <= 1
    assert np.abs(images - encoding.decode(vae, z)).max() > 10


@pytest.mark.parametrize("damaged", [0.5, 3.1, "2", None, True, float("nan"), [1.5]])
def test_an_invalid_contrast_is_refused(result, tmp_path, damaged):
    preset, _ = open_model(result, tmp_path / "model")
    assert read_contrast(preset) == 1
    settings = preset.folder / "settings.json"
    record = json.loads(settings.read_text())
    settings.write_text(json.dumps(record | {"data": {**record["data"], "contrast": damaged}}))
    with pytest.raises(InvalidInput, match=r"contrast.*Copy or train the model again"):
        read_contrast(presets.find(preset.folder))


@pytest.mark.slow  # a training
def test_any_attribute_name_can_be_loaded(home, discs, tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "MIN_EXPLAINED_SHARE", -np.inf)
    names = ["skin brightness", "a=1, b=2", "x" * 60, *(f"d{n}" for n in range(80))]
    attributes = dict(zip(names, np.random.default_rng(0).random((len(names), 128), "float32"), strict=True))
    np.savez(tmp_path / "known.npz", images=discs[..., 0], **attributes)
    result = tasks.run("vae.train", tiny, {"data": [data.store_reference(str(tmp_path / "known.npz"))]})
    directions = open_model(result, tmp_path / "model")[1].directions
    assert len(directions) == MAX_DIRECTIONS and {"direction-1", "direction-4"} <= directions.keys()


def test_a_stopped_run_gives_a_model_and_can_be_resumed(dataset, tiny):
    reports = []
    progress = Progress(reports.append, lambda: bool(reports[-1].metrics) and reports[-1].step == 4)
    result = tasks.run("vae.train", tiny, {"data": [dataset]}, progress)
    assert result.stopped_early and result.figures["ended"] == "cancelled"
    assert open_model(result)[1].decode(np.zeros((1, 4), "float32")).shape == (1, 28, 28, 3)
    assert checkpoints.find_run("vae.train", tiny, {"data": [dataset]}).load() is not None
    whole = tasks.run("vae.train", tiny, {"data": [dataset]})
    assert not whole.stopped_early and whole.figures["curve"]["steps"] == [3, 6]


@pytest.mark.slow  # a training
def test_stopping_after_the_last_step_loses_nothing(dataset, tiny):
    stages = []
    progress = Progress(lambda report: stages.append(report.text), lambda: "Encoding all images" in stages)
    result = tasks.run("vae.train", tiny, {"data": [dataset]}, progress)
    assert result.stopped_early and result.figures["steps"] == 6
    assert open_model(result)[1].density is not None


@pytest.mark.slow  # two training runs
def test_a_run_starts_from_a_model(result, dataset, tiny):
    resumed = tasks.run("vae.train", tiny, {"data": [dataset], "start": result.files})
    preset, _ = open_model(resumed, "again")
    assert resumed.figures["curve"]["reconstruction"][0] < result.figures["curve"]["reconstruction"][0]
    assert "started from the weights of discs" in preset.read_card()
    other = tiny.model_copy(update={"width": 6})
    with pytest.raises(InvalidInput, match="width 6"):
        tasks.run("vae.train", other, {"data": [dataset], "start": result.files})


def test_the_discriminator_is_saved_for_later_runs(dataset, discs, tiny):
    settings = tiny.model_copy(update={"adversarial": 0.5})
    trained = tasks.run("vae.train", settings, {"data": [dataset]})
    preset, generator = open_model(trained, "with_discriminator")
    model = load_vae(preset)
    assert generator.decode(np.zeros((2, 4), "float32")).shape == (2, 28, 28, 3)
    assert trained.figures["parameters"] == sum(array.size for array in model.network_weights)

    trainer = training.Trainer(discs, np.arange(100), np.arange(100, 128), settings)
    some = (discs[:9] / 127.5 - 1).astype("float32")

    def verdict():
        return np.asarray(trainer.loss_model.adversarial_losses.discriminator(some, training=False)[0])

    expected = np.asarray(model.discriminator(some, training=False))
    assert not np.allclose(verdict(), expected, atol=1e-4)  # a new one has other logits
    rows = np.arange(100), np.arange(100, 128)
    trainer = training.Trainer(
        discs, *rows, settings, None, *_load_start_weights({"start": trained.files})[:2]
    )
    assert np.allclose(verdict(), expected, atol=1e-4)
    assert all(map(np.array_equal, trainer.network.get_weights(), model.network_weights))


def test_a_model_without_discriminators_starts_with_fresh_ones(result):
    weights, discriminator, _ = _load_start_weights({"start": result.files})
    assert discriminator == [] and len(weights) == len(load_vae(open_model(result)[0]).get_weights())


def test_a_vgg16_discriminator_needs_an_adversarial_loss(dataset, tiny):
    with pytest.raises(InvalidInput, match=r"adversarial.*above 0.*0\.5"):
        tasks.run("vae.train", tiny.model_copy(update={"vgg16_discriminator": 1.0}), {"data": [dataset]})


def test_too_few_images_are_refused_with_the_minimum(home, discs, tiny, tmp_path):
    np.savez(tmp_path / "few.npz", images=discs[:20, ..., 0])
    file = data.store_reference(str(tmp_path / "few.npz"))
    with pytest.raises(InvalidInput, match="at least 64"):
        tasks.run("vae.train", tiny, {"data": [file]})


def test_weights_of_another_model_are_refused(result, tiny):
    preset, _ = open_model(result)
    with h5py.File(preset.folder / model_folder.WEIGHTS, "a") as file:
        file["decoder/layers/dense/vars/0"][0, 0] = np.nan
    changed = presets.Preset(
        preset.name,
        preset.folder,
        preset.task,
        presets.paths.file_digest(preset.folder / model_folder.WEIGHTS),
    )
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        tasks.import_object(tasks.get("vae.train").load_generator)(changed)
    other = presets.Preset(preset.name, preset.folder, "dcgan.train", preset.digest)
    with pytest.raises(InvalidInput, match="dcgan"):
        tasks.import_object(tasks.get("vae.train").load_generator)(other)


def test_the_density_with_the_lower_fid_is_chosen(quick_inceptionv3_home, discs, tiny, tmp_path, monkeypatch):
    np.savez(tmp_path / "discs.npz", images=discs[..., 0])
    file = data.store_reference(str(tmp_path / "discs.npz"))
    monkeypatch.setattr(comparison, "TEST_IMAGES", 32)  # and as many generated ones: one batch of InceptionV3
    settings = tiny.model_copy(update={"scored": 32})
    assert _find_density_of(tasks.run("vae.train", settings, {"data": [file]}), tmp_path / "fitted")
    far = latent.Mixture(np.ones(1), np.full((1, 4), 40.0), np.ones((1, 4)))
    monkeypatch.setattr(density, "fit_mixture", lambda *_, **__: far)
    other = settings.model_copy(update={"seed": 1})
    assert _find_density_of(tasks.run("vae.train", other, {"data": [file]}), tmp_path / "far") == "prior"


def _find_density_of(result, place) -> str:
    """Returns the prior that a model samples from, after checking its metrics and card."""
    figures, (preset, generator) = result.figures, open_model(result, place)
    chosen_prior, other = ("mixture", "prior") if generator.density else ("prior", "mixture")
    assert figures["fid"] <= figures[f"{other}_fid"] and f"{chosen_prior}_fid" not in figures
    assert figures["n"] == 32 and figures[f"{other}_fid_error"] > 0 and figures["nearest"] > 0
    assert bool(figures["density_parts"]) == (chosen_prior == "mixture")
    card = preset.read_card()
    assert f"| {figures['fid']:.2f} ±" in card and f"| {figures[f'{other}_fid']:.2f} ±" in card
    assert ("came closer than a mixture" in card) == (chosen_prior == "prior")
    return chosen_prior

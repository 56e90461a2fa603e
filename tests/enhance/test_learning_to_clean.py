"""Training of a restoration network on small images."""

import numpy as np
import pytest
import saved_models
import tiny_enhance

from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.enhance import models, network
from studio.enhance.damage import Damage
from studio.enhance.learn import random_damage
from studio.enhance.learn.cleaning_trainer import CleaningTrainer
from studio.enhance.planes import to_planes, unfold

SETTINGS = tiny_enhance.CLEANING


@pytest.fixture(scope="module")
def photos():
    """Crops of photos, `(24, 128, 128, 3) uint8`."""
    windows = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)
        windows += [photo[n * 20 : n * 20 + 128, n * 30 : n * 30 + 128] for n in range(8)]
    return np.stack(windows)


def make_trainer(photos, **settings):
    return CleaningTrainer(photos, np.arange(20), np.arange(20, 24), SETTINGS.model_copy(update=settings))


def test_inputs_plus_residuals_give_integer_levels(photos):
    samples = random_damage.make_batch(photos, np.arange(20), 16, np.random.default_rng(0))
    assert samples["input"].shape == (20, 8, 8, 15) and samples["residual"].shape == (20, 8, 8, 12)
    truth = 255 * (unfold(samples["input"][..., :12] + samples["residual"])[..., 0] + 0.5)
    assert truth.min() > -0.5 and truth.max() < 255.5
    levels = samples["input"][:, 0, 0, 12:]
    assert (samples["input"][..., 12:] == levels[:, None, None]).all()
    error = np.abs(samples["residual"]).mean(axis=(1, 2, 3))
    assert (
        (levels[:, 2] > 0).any()
        and (levels[:, 0] > 0).any()
        and error[levels[:, :2].sum(1) > 0.5].min() > 0.02
    )


def test_training_crops_differ_by_step_and_are_reproducible(photos):
    dataset = make_trainer(photos)
    one, other, again = dataset.make_batch(0), dataset.make_batch(1), dataset.make_batch(0)
    for name in ("input", "residual"):
        assert not np.array_equal(one[name], other[name])
        np.testing.assert_array_equal(one[name], again[name])


@pytest.mark.parametrize("gray", [True, False])
def test_the_conditions_state_the_added_noise(gray):
    flat = np.full((300, 300, 3), 128, "float32")
    for seed in range(6):
        noisy_image, damage = random_damage.add_noise(flat, 20, gray, np.random.default_rng(seed))
        light, *colors = to_planes((noisy_image - flat) / 255).std(axis=(0, 1)) * 255
        assert light == pytest.approx(damage.light, rel=0.03)
        assert np.hypot(*colors) / np.sqrt(2) == pytest.approx(damage.color, rel=0.03, abs=1e-3)
        assert gray == (damage == Damage(20))


def test_damaged_gray_images_stay_gray(photos):
    gray = np.repeat(photos[0, ..., :1], 3, axis=2).astype("float32")
    for seed in range(20):
        damaged, _ = random_damage.damage_at_random(gray, np.random.default_rng(seed))
        assert not np.ptp(damaged, axis=2).any()


def test_the_loss_is_the_mean_error_in_levels(photos):
    learner, batch = make_trainer(photos).learner, make_trainer(photos).make_batch(0)
    last = learner.network.layers[-1]
    last.set_weights([np.zeros_like(array) for array in last.get_weights()])
    expected = 255 * np.abs(batch["residual"]).mean()
    assert float(learner(batch)["error"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_in_bfloat16_the_weights_stay_float32(photos):
    short_trainer = make_trainer(photos, precision="bfloat16")
    assert short_trainer.learner.network.layers[1].compute_dtype == "bfloat16"
    assert {str(weight.dtype) for weight in short_trainer.learner.network.weights} == {"float32"}
    assert np.isfinite(list(short_trainer.advance().values())).all()


@pytest.mark.slow
def test_training_beats_the_damaged_photos(photos):
    model_trainer = make_trainer(
        photos, steps=150, test_every=150, learning_rate=0.004, ema_steps=20, batch=8
    )
    model_trainer.fit()
    assert model_trainer.curves.metrics["gain noise25"][-1] > 2


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_trained_network_is_stored(home, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(22):
        part = sample_photos.read_photo("astronaut")[10 * n : 10 * n + 160, 10 * n : 10 * n + 160]
        (folder / f"{n:02d}.png").write_bytes(image_io.encode_png(part))
    inputs = {"data": [data.store_reference(str(folder))]}
    settings, drawings = SETTINGS, sample_sets.store("sample:hair")
    result = tasks.run(models.TASK, settings, inputs | {"drawings": [drawings]})
    preset = presets.unpack(result.files[0].read(), "mine")
    assert result.files[0].name == "photos-cleaning.zip" and result.figures["damaged_noise25"] > 19
    assert (
        "Denoising and JPEG artifact removal, trained on photos" in preset.read_card()
        and "JPEG of quality 20" in preset.read_card()
    )
    assert "train_enhance photos --drawings hair.zip -o DIR --steps 4 " in preset.read_card()
    assert " --to clean" in preset.read_card() and saved_models.read_image(preset)
    residual = network.load(preset)(np.zeros((1, 20, 30, 15), "float32"))
    assert residual.shape == (1, 20, 30, 12)
    more = {**inputs, "start": result.files}
    once = settings.model_copy(update={"seed": 1, "steps": 1, "test_every": 1})
    assert tasks.run(models.TASK, once, more).figures["started_from"]
    with pytest.raises(InvalidInput, match="to enlarge"):
        tasks.run(models.TASK, settings.model_copy(update={"to": "enlarge"}), more)
    with pytest.raises(InvalidInput, match="at least 160 px for windows of 64 px"):
        tasks.run(models.TASK, settings.model_copy(update={"window": 64}), inputs)

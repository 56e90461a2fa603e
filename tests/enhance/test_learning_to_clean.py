"""Training of a restoration network on small images."""

import numpy as np
import pytest
import resumed
import tiny_enhance

from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.enhance import clean, models
from studio.enhance.damage import Damage
from studio.enhance.learn import damaging
from studio.enhance.learn.cleaning import Cleaning
from studio.enhance.planes import planes, unfold

SETTINGS = tiny_enhance.CLEANING


@pytest.fixture(scope="module")
def photos():
    """Crops of photos, `(24, 128, 128, 3) uint8`."""
    windows = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = sample_photos.read_photo(name)
        windows += [photo[n * 20 : n * 20 + 128, n * 30 : n * 30 + 128] for n in range(8)]
    return np.stack(windows)


def trainer(photos, run=None, **settings):
    return Cleaning(photos, np.arange(20), np.arange(20, 24), SETTINGS.model_copy(update=settings), run)


def test_what_is_shown_and_what_it_lacks_make_whole_levels_of_the_truth(photos):
    samples = damaging.batch(photos, np.arange(20), 16, np.random.default_rng(0))
    assert samples["shown"].shape == (20, 8, 8, 15) and samples["lacks"].shape == (20, 8, 8, 12)
    truth = 255 * (unfold(samples["shown"][..., :12] + samples["lacks"])[..., 0] + 0.5)
    assert truth.min() > -0.5 and truth.max() < 255.5
    levels = samples["shown"][:, 0, 0, 12:]
    assert (samples["shown"][..., 12:] == levels[:, None, None]).all()
    error = np.abs(samples["lacks"]).mean(axis=(1, 2, 3))
    assert (
        (levels[:, 2] > 0).any()
        and (levels[:, 0] > 0).any()
        and error[levels[:, :2].sum(1) > 0.5].min() > 0.02
    )


def test_windows_are_drawn_again_at_every_step_and_again_alike(photos):
    dataset = trainer(photos)
    one, other, again = dataset.batch(0), dataset.batch(1), dataset.batch(0)
    for name in ("shown", "lacks"):
        assert not np.array_equal(one[name], other[name])
        np.testing.assert_array_equal(one[name], again[name])


@pytest.mark.parametrize("gray", [True, False])
def test_a_network_is_told_the_noise_that_there_is(gray):
    flat = np.full((300, 300, 3), 128, "float32")
    for seed in range(6):
        noisy_image, damage = damaging.add_noise(flat, 20, gray, np.random.default_rng(seed))
        light, *colors = planes((noisy_image - flat) / 255).std(axis=(0, 1)) * 255
        assert light == pytest.approx(damage.light, rel=0.03)
        assert np.hypot(*colors) / np.sqrt(2) == pytest.approx(damage.color, rel=0.03, abs=1e-3)
        assert gray == (damage == Damage(20))


def test_what_is_gray_stays_gray_however_it_is_damaged(photos):
    gray = np.repeat(photos[0, ..., :1], 3, axis=2).astype("float32")
    for seed in range(20):
        damaged, _ = damaging.damage_at_random(gray, np.random.default_rng(seed))
        assert not np.ptp(damaged, axis=2).any()


def test_the_loss_is_the_mean_error_in_levels(photos):
    learner, batch = trainer(photos).learner, trainer(photos).batch(0)
    last = learner.network.layers[-1]
    last.set_weights([np.zeros_like(array) for array in last.get_weights()])
    expected = 255 * np.abs(batch["lacks"]).mean()
    assert float(learner(batch)["error"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_in_short_numbers_its_weights_stay_whole(photos):
    short_trainer = trainer(photos, precision="bfloat16")
    assert short_trainer.learner.network.layers[1].compute_dtype == "bfloat16"
    assert {str(weight.dtype) for weight in short_trainer.learner.network.weights} == {"float32"}
    assert np.isfinite(list(short_trainer.advance().values())).all()


@pytest.mark.slow
def test_it_comes_nearer_than_what_was_damaged(photos):
    model_trainer = trainer(photos, steps=150, test_every=150, learning_rate=0.004, ema_steps=20, batch=8)
    model_trainer.fit()
    assert model_trainer.curves.tests["gain noise25"][-1] > 2


@pytest.mark.slow
def test_a_training_that_goes_on_ends_as_an_unbroken_one(photos, home):
    resumed.ends_as_unbroken(lambda run: trainer(photos, run), home / "run")


@pytest.mark.slow
def test_a_trained_network_is_kept_and_cleans(home, tmp_path):
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
        "Denoising and JPEG artifact removal, trained on photos" in preset.card()
        and "JPEG of quality 20" in preset.card()
    )
    assert "train_enhance photos --drawings hair.zip -o DIR --steps 4 " in preset.card()
    assert " --to clean" in preset.card() and preset.image()
    photo = sample_photos.read_photo("chelsea")[:41, :60]
    assert clean.open(preset).clean(photo, clean.Options(Damage(20))).shape == (41, 60, 3)
    more = {**inputs, "start": result.files}
    assert tasks.run(models.TASK, settings.model_copy(update={"seed": 1}), more).figures["started_from"]
    with pytest.raises(InvalidInput, match="to enlarge"):
        tasks.run(models.TASK, settings.model_copy(update={"to": "enlarge"}), more)
    with pytest.raises(InvalidInput, match="at least 160 px for windows of 64 px"):
        tasks.run(models.TASK, settings.model_copy(update={"window": 64}), inputs)

"""Training of a colorization network on small images."""

import numpy as np
import pytest
import saved_models
import tiny_colorize

from studio.colorize import bins, lab, models, network
from studio.colorize.learn import windows
from studio.colorize.learn.train import Trainer, measure_prior
from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.models import presets

SETTINGS = tiny_colorize.SETTINGS


@pytest.fixture(scope="module")
def photos():
    """Images with green below and blue above, where lighter means bluer: `(24, 48, 48, 3) uint8`."""
    rng = np.random.default_rng(0)
    images = np.empty((24, 48, 48, 3), "uint8")
    for photo in images:
        edge = rng.integers(16, 32)
        photo[:edge], photo[edge:] = (130, 180, 240), (40, 90, 20)
        photo += rng.integers(0, 15, (48, 48, 1)).astype("uint8")
    return images


def make_trainer(photos, run=None, **settings):
    settings = SETTINGS.model_copy(update=settings)
    return Trainer(photos, np.arange(20), np.arange(20, 24), settings, run)


def test_fine_tuning_uses_the_prior_of_its_own_photos(photos):
    start = make_trainer(photos).learner.network.get_weights()
    trainer = Trainer(photos[..., ::-1], np.arange(20), np.arange(20, 24), SETTINGS, start=start)
    fine_tuned = trainer.learner.network
    np.testing.assert_allclose(
        np.exp(fine_tuned.get_layer("prior").get_weights()[0]), trainer.prior, rtol=1e-5
    )
    np.testing.assert_array_equal(fine_tuned.get_weights()[0], start[0])


def test_training_inputs_are_gray_except_for_color_hints(photos):
    rows, rng = np.arange(8), np.random.default_rng(1)
    plain = windows.make_batch(photos, rows, 32, 0.0, rng)
    assert plain["input"].shape == (8, 32, 32, 4) and plain["colors"].shape == (8, 8, 8, 2)
    assert not plain["input"][..., 1:].any() and np.ptp(plain["input"][..., 0]) > 0.1
    hinted = windows.make_batch(photos, rows, 32, 1.0, rng)["input"]
    where = hinted[..., 3] == 1
    assert where.any(axis=(1, 2)).all() and not where.all()
    assert not hinted[..., 1:3][~where].any() and hinted[..., 1:3][where].any()


def test_the_prior_matches_the_colors_of_the_photos(photos):
    result = measure_prior(photos, np.arange(20))
    mean = lab.from_rgb(photos[:20])[..., 1:].mean(axis=(0, 1, 2))
    np.testing.assert_allclose(result @ bins.centers(), mean, atol=2)
    assert result.min() > 0 and result.sum() == pytest.approx(1, abs=1e-5)


def test_an_untrained_network_predicts_the_prior(photos):
    model_trainer = make_trainer(photos)
    weights = model_trainer.learner.network.get_layer(index=-2).get_weights()
    model_trainer.learner.network.get_layer(index=-2).set_weights([np.zeros_like(array) for array in weights])
    logits = np.asarray(model_trainer.learner.network(np.zeros((1, 16, 16, 4), "float32")))
    np.testing.assert_allclose(bins.softmax(logits)[0, 0, 0], measure_prior(photos, np.arange(20)), atol=1e-5)


def test_rare_colors_have_larger_weights():
    often = np.array([0.9, 0.09, 0.01], "float32")
    weights = bins.compute_class_weights(often, 0.5)
    assert weights[0] < weights[1] < weights[2] and often @ weights == pytest.approx(1)
    np.testing.assert_allclose(bins.compute_class_weights(often, 0), 1)


@pytest.mark.slow
def test_training_beats_gray(photos):
    model_trainer = make_trainer(photos, steps=120, test_every=120, learning_rate=0.01, ema_steps=20)
    model_trainer.fit()
    assert model_trainer.curves.metrics["error over gray's"][-1] < 0.5


@pytest.fixture
def folder(tmp_path, photos):
    place = tmp_path / "photos"
    place.mkdir()
    for n, photo in enumerate(photos):
        (place / f"{n:02d}.png").write_bytes(image_io.encode_png(photo))
    (place / "gray.png").write_bytes(image_io.encode_png(image_io.to_gray(photos[0]).repeat(3, axis=2)))
    return data.store_reference(str(place))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_trained_network_is_stored(home, folder):
    result = tasks.run(models.TASK, SETTINGS, {"data": [folder]})
    assert result.figures["photos"] == 24 and result.figures["gray_error"] > 10
    preset = presets.unpack(result.files[0].read(), "mine")
    assert "Gray images were left out: 1." in preset.read_card() and saved_models.read_image(preset)
    assert "train_colorize photos -o DIR --steps 4 " in preset.read_card()
    assert " --photo-size 48 --window 32" in preset.read_card()
    (logits,) = np.asarray(network.load(preset)(np.zeros((1, 32, 48, 4), "float32")))
    assert logits.shape == (8, 12, len(bins.centers())) and np.ptp(logits) > 0
    more = {"data": [folder], "start": result.files}
    once = SETTINGS.model_copy(update={"seed": 1, "steps": 1, "test_every": 1})
    again = tasks.run(models.TASK, once, more)
    assert again.figures["started_from"] == "photos-colors"
    with pytest.raises(InvalidInput, match="at most the 48 px of a photo"):
        tasks.run(models.TASK, SETTINGS.model_copy(update={"window": 64}), {"data": [folder]})

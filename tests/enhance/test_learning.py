"""Training of a super-resolution network on small images."""

import numpy as np
import pytest
import resume_check
import saved_models
import tiny_enhance

from studio.core import data, tasks
from studio.core.data import sample_sets
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.models import presets
from studio.enhance import bicubic, models, network
from studio.enhance.learn import windows
from studio.enhance.learn.enlarging_trainer import EnlargingTrainer
from studio.enhance.settings import SCALES

SETTINGS = tiny_enhance.SETTINGS


@pytest.fixture(scope="module")
def photos():
    """Lightness of crops of photos, `(24, 128, 128, 1) uint8`."""
    crops = []
    for name in ("chelsea", "astronaut", "coffee"):
        photo = image_io.to_gray(sample_photos.read_photo(name))
        crops += [photo[n * 20 : n * 20 + 128, n * 30 : n * 30 + 128] for n in range(8)]
    return np.stack(crops)


def make_trainer(photos, run=None, **settings):
    settings = SETTINGS.model_copy(update=settings)
    return EnlargingTrainer(photos, np.arange(20), np.arange(20, 24), settings, run)


def test_inputs_plus_residuals_give_the_photo(photos):
    for scale in SCALES:
        large = photos[0, : 24 * scale, : 24 * scale, 0].astype("float32")
        small, lacks = windows.make_pair(large, scale)
        edge = windows.MARGIN
        assert small.shape == (24 - 2 * edge,) * 2
        whole = np.clip(np.rint(bicubic.shrink(large, scale)), 0, 255)
        np.testing.assert_array_equal(small * 255, whole[edge:-edge, edge:-edge])
        cut = slice(edge * scale, -edge * scale)
        restored = bicubic.enlarge(whole, scale)[cut, cut] + 255 * lacks
        np.testing.assert_allclose(restored, large[cut, cut], atol=1e-3)


def test_training_crops_differ_by_step_and_are_reproducible(photos):
    dataset = make_trainer(photos)
    one, other, again = dataset.make_batch(0), dataset.make_batch(1), dataset.make_batch(0)
    for scale in SCALES:
        assert one[f"small{scale}"].shape == (2, 16, 16, 1)
        assert one[f"residual{scale}"].shape == (2, 16 * scale, 16 * scale)
        assert not np.array_equal(one[f"small{scale}"], other[f"small{scale}"])
        np.testing.assert_array_equal(one[f"small{scale}"], again[f"small{scale}"])


def test_the_loss_is_the_mean_error_in_levels(photos):
    learner = make_trainer(photos).learner
    for layer in learner.network.layers[-3:]:
        layer.set_weights([np.zeros_like(array) for array in layer.get_weights()])
    batch = make_trainer(photos).make_batch(0)
    losses = learner(batch)
    for scale in SCALES:
        expected = 255 * np.abs(batch[f"residual{scale}"]).mean()
        assert float(losses[f"error x{scale}"]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_training_beats_bicubic_upscaling(photos):
    model_trainer = make_trainer(
        photos, steps=150, test_every=150, learning_rate=0.004, ema_steps=20, batch=4
    )
    model_trainer.fit()
    assert model_trainer.curves.metrics["gain x2"][-1] > 0.3


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_resumed_training_ends_like_an_uninterrupted_one(photos, home):
    resume_check.check_resumed_as_unbroken(lambda run: make_trainer(photos, run), home / "run")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "photos"
    place.mkdir()
    photo = sample_photos.read_photo("astronaut")
    for n in range(22):
        part = photo[10 * n : 10 * n + 160, 10 * n : 10 * n + 160]
        (place / f"{n:02d}.png").write_bytes(image_io.encode_png(part))
    (place / "small.png").write_bytes(image_io.encode_png(photo[:90, :90]))
    return data.store_reference(str(place))


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_trained_network_is_stored_and_upscales(home, folder):
    settings, drawings = SETTINGS, sample_sets.store("sample:hair")
    result = tasks.run(models.TASK, settings, {"data": [folder], "drawings": [drawings]})
    assert (
        result.figures["photos"] == 22
        and result.figures["drawings"] == 96
        and result.figures["bicubic_x2"] > 20
    )
    preset = presets.unpack(result.files[0].read(), "mine")
    assert "Images smaller than 128 px were left out: 1." in preset.read_card() and saved_models.read_image(
        preset
    )
    assert "train_enhance photos --drawings hair.zip -o DIR --steps 4 " in preset.read_card()
    assert " --photo-size 128" in preset.read_card()
    large = network.load_exported_networks(preset)["x3"](np.zeros((1, 20, 30, 1), "float32"))
    assert large.shape == (1, 60, 90, 1)
    more = {"data": [folder], "start": result.files}
    once = settings.model_copy(update={"seed": 1, "steps": 1, "test_every": 1})
    again = tasks.run(models.TASK, once, more)
    assert again.figures["started_from"] == "photos-enlarging"
    with pytest.raises(InvalidInput, match="width 12"):
        tasks.run(models.TASK, settings.model_copy(update={"width": 12}), more)
    with pytest.raises(InvalidInput, match="of 200 px or more"):
        tasks.run(models.TASK, settings.model_copy(update={"photo_size": 200}), {"data": [folder]})
    with pytest.raises(InvalidInput, match="at least 288 px for windows of 64 px"):
        tasks.run(models.TASK, settings.model_copy(update={"window": 64}), {"data": [folder]})

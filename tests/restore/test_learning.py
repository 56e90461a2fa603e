"""Training of a network that detects damage, on small images."""

import numpy as np
import pytest
import saved_models

from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.restore import models
from studio.restore.detection import load_detector
from studio.restore.learn.train import Trainer
from studio.restore.settings import TrainRestoreSettings

SETTINGS = TrainRestoreSettings(
    width=4, photo_size=64, window=32, batch=4, steps=4, test_every=2, ema_steps=2, held_out=0.1
)


@pytest.fixture(scope="module")
def photos():
    """Smooth images in random colors, `(24, 64, 64, 3) uint8`."""
    coarse = np.random.default_rng(0).integers(40, 216, (24, 3, 3, 3), "uint8")
    return np.stack([image_io.resize(image, 64, 64) for image in coarse])


def make_trainer(photos, run=None, **settings):
    settings = SETTINGS.model_copy(update=settings)
    return Trainer(photos, np.arange(20), np.arange(20, 24), settings, run)


def test_a_batch_has_photos_and_their_damage(photos):
    batch = make_trainer(photos).make_batch(0)
    assert batch["photo"].shape == (4, 32, 32, 3) and batch["damage"].shape == (4, 32, 32, 1)
    assert 0 <= batch["photo"].min() < batch["photo"].max() <= 1
    assert set(np.unique(batch["damage"])) == {0, 1}


@pytest.mark.slow
def test_training_finds_damage(photos):
    trainer = make_trainer(photos, steps=150, test_every=150, learning_rate=0.01, ema_steps=20, width=8)
    trainer.fit()
    assert trainer.scores["f1"] > 0.4


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_trained_network_is_stored_and_used(home, tmp_path, photos):
    place = tmp_path / "photos"
    place.mkdir()
    for n, photo in enumerate(photos):
        (place / f"{n:02d}.png").write_bytes(image_io.encode_png(photo))
    folder = data.store_reference(str(place))
    result = tasks.run(models.TASK, SETTINGS, {"data": [folder]})
    assert result.figures["photos"] == 24 and 0 <= result.figures["recall"] <= 1
    preset = presets.unpack(result.files[0].read(), "mine")
    assert "train_restore photos -o DIR --steps 4 " in preset.read_card() and saved_models.read_image(preset)
    assert load_detector(preset).find(photos[0]).shape == (64, 64)
    once = SETTINGS.model_copy(update={"seed": 1, "steps": 1, "test_every": 1})
    again = tasks.run(models.TASK, once, {"data": [folder], "start": result.files})
    assert again.figures["started_from"] == "photos-damage"
    with pytest.raises(InvalidInput, match="at most the 64 px of a photo"):
        tasks.run(models.TASK, SETTINGS.model_copy(update={"window": 96}), {"data": [folder]})

"""Training a DCGAN with adaptive augmentation: p follows the discriminator, is reported and saved."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tiny_dcgan

from studio.core import data, tasks
from studio.core.generators.discriminator import Augment
from studio.core.models import loading, presets
from studio.dcgan import adaptive, generator, model, task, train
from studio.dcgan.settings import TrainDcganSettings

TINY = tiny_dcgan.SHORT | {"adaptive_augmentation": True, "scored": 0}


@pytest.fixture
def tiny() -> TrainDcganSettings:
    return TrainDcganSettings(**TINY)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 28, 28, 1)).astype("uint8")


@pytest.fixture
def rise_per_step(monkeypatch) -> float:
    """Makes every discriminator count as overfitting; returns the increase of p in each of six steps."""
    monkeypatch.setattr(adaptive, "TARGET_OVERFITTING", -1e9)
    monkeypatch.setattr(adaptive, "MAX_RUN_SHARE", 4)
    return 1 / (4 * 6)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("loss, precision", [("logistic", "bfloat16"), ("relativistic", "float32")])
def test_p_rises_only_when_validation_images_look_generated(tiny, monkeypatch, loss, precision):
    """The discriminator measures brightness: training images are white, generated ones gray.

    It is right of all training images in every step, by which the paper's other measure would let p rise.
    """
    bright = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.1))
    discriminator = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), bright])
    monkeypatch.setattr(model, "build_pixel_discriminator", lambda *args: discriminator)
    changes = {
        "loss": loss,
        "gradient_penalty": 1.0,
        "discriminator_rate": 1e-9,
        "steps": 10_000,
        "batch": 256,
    }
    white = np.full((256, 28, 28, 1), 255, "uint8")
    trainer = train.Trainer(white, tiny.model_copy(update={**changes, "precision": precision}))
    trainer.gan.augment.p.assign(0.5)
    values = []
    for level in (127, 127, 255, 255, 255):
        trainer.validation = np.full((9, 28, 28, 1), level, "uint8")
        metrics = trainer.gan.train_on_batch(trainer.make_batch(0), return_dict=True)
        values.append(float(metrics["augmentation"]))
    step = 256 / adaptive.RISE_IMAGES  # too small for 16 bits
    assert np.diff([0.5, *values]) == pytest.approx([step, step, -step, -step, -step], rel=1e-3)


def test_validation_batches_contain_only_validation_images(noise, tiny):
    validation_images = np.arange(5, dtype="uint8").repeat(28 * 28).reshape(5, 28, 28, 1)
    first, again = (train.Trainer(noise, tiny, validation=validation_images).make_batch(0) for _ in range(2))
    assert first["validation"].shape == first["real"].shape and np.ptp(first["validation"]) > 0
    assert np.isin(first["validation"], validation_images).all()
    assert all(np.array_equal(first[name], again[name]) for name in first)
    plain = tiny.model_copy(update={"adaptive_augmentation": False})
    batch = train.Trainer(noise, plain, validation=validation_images).make_batch(0)
    assert list(batch) == ["real"] and np.array_equal(batch["real"], first["real"])


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_p_is_saved_with_the_model_and_restored_from_it(home, rise_per_step, tmp_path, monkeypatch):
    monkeypatch.setattr(task, "DIRECTION_IMAGES", 100)
    path = tmp_path / "noise.npz"
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (80, 28, 28, 1)).astype("uint8"))
    inputs = {"data": [data.store_reference(str(path))]}
    result = tasks.run(generator.TASK, TrainDcganSettings(**TINY), inputs)
    preset = presets.unpack(result.files[0].read(), tmp_path / "model")
    assert "Adaptive discriminator augmentation" in preset.read_card()
    assert preset.read_data()["figures"]["curve"]["augmentation"] == pytest.approx(
        [2 * rise_per_step, 5 * rise_per_step]
    )
    start = model.Gan(generator.settings_of(preset))
    loading.load_weights(start, preset)
    assert float(start.augment.p) == pytest.approx(6 * rise_per_step)
    assert generator.load_generator(preset).decode(np.zeros((2, 8), "float32")).shape == (2, 28, 28, 3)
    images = np.load(path)["images"]
    trainer = train.Trainer(images, TrainDcganSettings(**TINY), start=start)
    assert float(trainer.gan.augment.p) == pytest.approx(6 * rise_per_step)
    plain = train.Trainer(images, TrainDcganSettings(**TINY | {"adaptive_augmentation": False}), start=start)
    assert type(plain.gan.augment) is Augment


def test_training_without_adaptive_augmentation_is_unchanged(tiny):
    plain, adapting = (
        model.Gan(tiny.model_copy(update={"adaptive_augmentation": on})) for on in (False, True)
    )
    assert len(plain.weights) + 3 == len(adapting.weights)
    assert set(plain.means) == {"generator", "discriminator", "real_score", "generated_score"}
    assert not TrainDcganSettings().adaptive_augmentation, "an older recipe means none"


def test_a_rollback_does_not_change_p(noise, tiny):
    trainer = train.Trainer(noise, tiny)
    trainer.gan.augment.p.assign(0.4)
    trainer._roll_back()
    assert float(trainer.gan.augment.p) == pytest.approx(0.4)

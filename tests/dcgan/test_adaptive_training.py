"""Training a DCGAN with augmentation that adapts: p follows the judge, is told, and goes on."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tiny_dcgan

from studio.core import data, tasks
from studio.core.generators.discriminator import Augment
from studio.core.models import loading, presets
from studio.core.progress import Progress
from studio.core.training import checkpoints, loop
from studio.dcgan import adaptive, generator, model, train
from studio.dcgan.settings import TrainDcganSettings

TINY = tiny_dcgan.SHORT | {"adaptive_augmentation": True, "scored": 0}


@pytest.fixture
def tiny() -> TrainDcganSettings:
    return TrainDcganSettings(**TINY)


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (96, 28, 28, 1)).astype("uint8")


@pytest.fixture
def rising(monkeypatch) -> float:
    """Any judge is right often enough; gives by how much p rises at each of six steps."""
    monkeypatch.setattr(adaptive, "TARGET", -2.0)
    monkeypatch.setattr(adaptive, "SHARE", 4)
    return 1 / (4 * 6)


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("loss", ["logistic", "relativistic"])
def test_p_rises_where_the_judge_is_always_right_of_real_pictures_and_falls_where_it_is_not(
    tiny, monkeypatch, loss, precision
):
    bright = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.1))
    judge = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), bright])
    monkeypatch.setattr(model, "discriminator", lambda *asked: judge)
    asked = {"loss": loss, "gradient_penalty": 1.0, "judge_rate": 1e-9, "steps": 10_000, "batch": 256}
    trainer = train.Trainer(
        np.zeros((256, 28, 28, 1), "uint8"), tiny.model_copy(update={**asked, "precision": precision})
    )
    trainer.gan.augment.p.assign(0.5)
    told = []
    for level in (255, 255, 0, 0, 0):
        found = trainer.gan.train_on_batch(np.full((256, 28, 28, 1), level, "uint8"), return_dict=True)
        told.append(float(found["augmentation"]))
    step = 256 / adaptive.RISE  # so small that 16 bits would not tell it
    assert np.diff([0.5, *told]) == pytest.approx([step, step, -step, -step, -step], rel=1e-3)


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_with_its_p(noise, tiny, rising, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0)
    whole = train.train(noise, tiny)
    seen, run = [], checkpoints.Run(tmp_path / "run")
    half = train.train(noise, tiny, Progress(seen.append, cancelled=lambda: seen[-1].step == 4), run=run)
    assert half.steps == 4 and float(half.gan.augment.p) == pytest.approx(4 * rising)
    rest = train.train(noise, tiny, run=run)
    assert float(rest.gan.augment.p) == pytest.approx(6 * rising)
    assert rest.curves.losses["augmentation"] == pytest.approx([2 * rising, 5 * rising])
    assert rest.curves.losses["augmentation"] == pytest.approx(whole.curves.losses["augmentation"])
    for one, other in zip(rest.gan.get_weights(), whole.gan.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-6)


@pytest.mark.slow
def test_a_model_keeps_its_p_and_another_training_begins_with_it(home, rising, tmp_path):
    path = tmp_path / "noise.npz"
    np.savez(path, images=np.random.default_rng(0).integers(0, 256, (80, 28, 28, 1)).astype("uint8"))
    inputs = {"data": [data.reference(str(path))]}
    made = tasks.run(generator.TASK, TrainDcganSettings(**TINY), inputs)
    preset = presets.unpack(made.files[0].read(), tmp_path / "model")
    assert "adaptive discriminator augmentation" in preset.card()
    assert preset.data()["figures"]["curve"]["augmentation"] == pytest.approx([2 * rising, 5 * rising])
    start = model.Gan(generator.settings_of(preset))
    loading.fill(start, preset)
    assert float(start.augment.p) == pytest.approx(6 * rising)
    assert generator.open(preset).decode(np.zeros((2, 8), "float32")).shape == (2, 28, 28, 3)
    images = np.load(path)["images"]
    trainer = train.Trainer(images, TrainDcganSettings(**TINY))
    trainer.start_from(start)
    assert float(trainer.gan.augment.p) == pytest.approx(6 * rising)
    plain = train.Trainer(images, TrainDcganSettings(**TINY | {"adaptive_augmentation": False}))
    plain.start_from(start)
    assert type(plain.gan.augment) is Augment


def test_a_training_without_it_has_what_it_had(tiny):
    plain, adapting = (
        model.Gan(tiny.model_copy(update={"adaptive_augmentation": on})) for on in (False, True)
    )
    assert len(plain.weights) + 2 == len(adapting.weights)
    assert set(plain.losses_seen) == {"generator", "judge", "real_score", "made_score"}
    assert not TrainDcganSettings().adaptive_augmentation, "an older recipe means none"


def test_after_a_rollback_p_stays(noise, tiny):
    trainer = train.Trainer(noise, tiny)
    trainer.gan.augment.p.assign(0.4)
    trainer._take_back()
    assert float(trainer.gan.augment.p) == pytest.approx(0.4)

"""Training a diffusion model: learning, best weights, NaN, and resuming."""

from __future__ import annotations

import numpy as np
import pytest
import resume_check

from studio.core.errors import StudioError
from studio.core.progress import Progress
from studio.diffusion import train
from studio.diffusion.model import Unet

LEARNED, TESTED = np.arange(80), np.arange(80, 96)


@pytest.fixture(scope="module")
def run(images, labels, tiny):
    def run_training(progress=None, settings=tiny, **options):
        return train.Trainer(images, labels, 2, LEARNED, TESTED, settings, **options).fit(progress)

    return run_training


@pytest.fixture
def trained(run, tiny, monkeypatch):
    """A model after enough steps to put the squares on the side of their class."""
    monkeypatch.setattr(train.Trainer, "draws_stages", False)
    return run(
        settings=tiny.model_copy(
            update={"steps": 90, "test_every": 90, "learning_rate": 0.005, "ema_steps": 20, "batch": 8}
        )
    )


@pytest.mark.slow
def test_it_learns_the_images_and_their_classes(trained):
    assert trained.lowest < 1  # an untrained model predicts a velocity of 0, with a loss of about 2
    z = np.random.default_rng(0).standard_normal((8, 784)).astype("float32")
    generated = train.generate_images(trained.result, z, 8).astype(float)
    left, right = generated[:, :, :14].mean((1, 2, 3)), generated[:, :, 14:].mean((1, 2, 3))
    assert (left > right).tolist() == [True, False] * 4


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_resumed_run_equals_an_uninterrupted_one(images, labels, tiny, monkeypatch, tmp_path):
    monkeypatch.setattr(train.Trainer, "draws_stages", False)
    settings = tiny.model_copy(update={"steps": 3, "ema_steps": 1})
    resume_check.check_resumed_as_unbroken(
        lambda run: make_trainer(images, labels, settings, run), tmp_path / "run"
    )


def make_trainer(images, labels, settings, run=None) -> train.Trainer:
    return train.Trainer(images, labels, 2, LEARNED, TESTED, settings, run)


def test_the_weights_with_the_lowest_validation_loss_are_kept(images, labels, tiny, monkeypatch):
    trainer, losses = make_trainer(images, labels, tiny), iter([1.0, 0.5, 5.0])
    monkeypatch.setattr(trainer.tester, "test_on_batch", lambda *_, **__: {"loss": next(losses)})
    for value in (1.0, 2.0, 3.0):
        for array in trainer.ema.arrays:
            array[...] = value
        trainer.test(Progress())
    assert all((array == 2.0).all() for array in trainer.best)


def test_a_nan_loss_ends_training_with_the_best_weights(images, labels, tiny, monkeypatch):
    monkeypatch.setattr(train.Trainer, "draws_stages", False)
    trainer, losses = make_trainer(images, labels, tiny), iter([1.0, 1.0, 1.0, float("nan")])
    monkeypatch.setattr(trainer, "take_step", lambda *_: {"loss": next(losses)})
    monkeypatch.setattr(trainer.tester, "test_on_batch", lambda *_, **__: {"loss": 1.0})
    trainer.fit()
    assert trainer.stop_reason == "nan" and trainer.step == 3 and trainer.curves.steps == [2]
    assert all(map(np.array_equal, trainer.result.get_weights(), trainer.best))


def test_start_weights_of_another_shape_are_refused(images, labels, tiny):
    start = Unet(tiny, 5).get_weights()
    with pytest.raises(StudioError, match="another shape"):
        train.Trainer(images, labels, 2, LEARNED, TESTED, tiny, start=start)


def test_mirroring_depends_only_on_the_step(images, labels, tiny):
    settings = tiny.model_copy(update={"flip": True})
    trainer = make_trainer(images, labels, settings)
    is_mirrored = []
    for step in range(4):
        batch = trainer.make_batch(step)["images"]
        assert np.array_equal(batch, trainer.make_batch(step)["images"])
        for image, original in zip(batch, images[trainer.batches.select_rows(step)], strict=True):
            is_mirrored.append(np.array_equal(image, original[:, ::-1]))
            assert is_mirrored[-1] or np.array_equal(image, original)
    assert 0 < sum(is_mirrored) < 16

"""Learning to paint, on a few small avatars."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_outline

from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.outline.learn.pairs import Bank
from studio.outline.learn.train import Trainer


@pytest.fixture(scope="module")
def bank():
    return Bank(0, 16, tiny_outline.SETTINGS, Progress())


def trainer(bank, run=None, **settings):
    settings = tiny_outline.SETTINGS.model_copy(update=settings)
    tested = bank.drawn(np.arange(6), ["outline"] * 6, np.random.default_rng(0))
    return Trainer(bank, tested, settings, run)


def test_pictures_are_what_the_true_layers_would_paint(bank):
    """The roles can show what avatars are drawn with: nearly all pixels are a mix of few of them."""
    for picture, colours in zip(bank.pictures, bank.colours, strict=True):
        pixels = picture.reshape(-1, 1, 3).astype("float32") / 255
        shaded = (colours[:, None] * (1 - np.linspace(0, 2.6, 14)[:, None] * (0.15, 0.21, 0.18))).reshape(
            -1, 3
        )
        nearest = np.abs(pixels - shaded).sum(-1).min(1)
        assert np.mean(nearest < 0.08) > 0.7  # the others are borders


def test_batches_are_drawn_anew_and_again_alike(bank):
    rows = np.arange(4)
    one, again, other = (bank.batch(rows, np.random.default_rng(n)) for n in (1, 1, 2))
    assert one["drawing"].shape == (4, 32, 32, 7) and one["drawing"].max() <= 1
    assert one["picture"].shape == (4, 32, 32, 3) and one["colours"].shape[0] == 4
    assert np.array_equal(one["drawing"], again["drawing"])
    assert not np.array_equal(one["drawing"], other["drawing"])
    assert np.array_equal(one["picture"], other["picture"])


def test_each_loss_reaches_its_own_network(bank):
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        pytest.skip("asks TensorFlow for gradients")
    made = trainer(bank)
    batch = bank.batch(np.arange(4), np.random.default_rng(0))
    both = made.learner.generator.trainable_variables, made.learner.judge.trainable_variables
    for name, (mine, others) in (("painter", both), ("judge", both[::-1])):
        with tf.GradientTape(persistent=True) as tape:
            loss = made.learner(batch, training=True)[name]
        assert any(np.abs(one).max() > 0 for one in tape.gradient(loss, [v.value for v in mine]))
        assert all(one is None for one in tape.gradient(loss, [v.value for v in others]))


@pytest.mark.slow
def test_it_learns_and_goes_on_from_a_checkpoint_as_if_unbroken(bank, tmp_path):
    run = checkpoints.Run(tmp_path / "run")
    whole = trainer(bank, steps=12, test_every=6)
    assert whole.fit().ended == ""
    first = trainer(bank, run, steps=12, test_every=6)
    first._resume()
    for _ in range(6):
        first.advance()
        first.step += 1
    first.curves.add(6, {}, {})
    first.save()
    second = trainer(bank, run, steps=12, test_every=6)
    assert second.fit().ended == "" and second.step == 12
    for one, other in zip(whole.ema.arrays, second.ema.arrays, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    start, end = (
        float(v) for v in (trainer(bank).test(Progress())["held out"], whole.test(Progress())["held out"])
    )
    assert end < start

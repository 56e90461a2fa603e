"""Training a VAE: learning, best weights, and resuming."""

from __future__ import annotations

import math

import eager_mode
import keras
import numpy as np
import pytest

from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.training import checkpoints, stages
from studio.vae import encoding, train
from studio.vae.losses import VaeLosses
from studio.vae.model import Vae

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("eager")]

LEARNED, TESTED = np.arange(100), np.arange(100, 128)


def run(discs, settings, progress=None, **more):
    return train.Trainer(discs, LEARNED, TESTED, settings, **more).fit(progress)


def test_it_reconstructs_new_images(trained, discs, middles):
    curve = trained.curves.metrics["validation"]
    assert curve[-1] < 0.75 * curve[0]
    again = encoding.decode(trained.result, encoding.encode(trained.result, discs[TESTED])[0])
    plain = np.abs(discs[LEARNED].astype("float32").mean(0) - discs[TESTED]).mean()
    assert np.abs(again.astype("float32") - discs[TESTED]).mean() < 0.75 * plain


@pytest.fixture(scope="module")
def uninterrupted(discs, tiny):
    """An uninterrupted training run."""
    with eager_mode.run_eagerly():
        return run(discs, tiny)


def test_training_reports_and_is_repeatable(discs, tiny, uninterrupted):
    reports = []
    first = run(discs, tiny, Progress(reports.append))
    assert first.step == reports[-1].step == 6 and first.stop_reason == ""
    assert reports[-1].metrics["validation"] == first.curves.metrics["validation"][-1]
    preview = next(report.preview for report in reports if report.preview is not None)
    assert preview.shape == (4 * 30 - 2, 8 * 30 - 2, 3)
    assert np.array_equal(preview[:28, :28, 0], discs[100, :, :, 0])  # a held-out image, unchanged
    assert (
        uninterrupted.curves.losses == first.curves.losses
        and uninterrupted.curves.metrics == first.curves.metrics
    )
    assert all(map(np.array_equal, uninterrupted.result.get_weights(), first.result.get_weights()))


def test_losses_are_means_since_the_last_test(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"test_every": 2}))
    each = []
    original = trainer.loss_model.train_on_batch

    def record(*args, **kwargs):
        each.append(original(*args, **kwargs))
        return each[-1]

    trainer.loss_model.train_on_batch = record
    trainer.fit()
    assert len(trainer.curves.losses["reconstruction"]) == len(each) / 2 > 0
    for n, mean in enumerate(trainer.curves.losses["reconstruction"]):
        assert mean == pytest.approx(
            np.mean([losses["reconstruction"] for losses in each[2 * n : 2 * n + 2]])
        )


def test_a_resumed_run_equals_an_uninterrupted_one(discs, tiny, uninterrupted, tmp_path):
    reports, place = [], checkpoints.Run(tmp_path / "run")
    half = run(discs, tiny, Progress(reports.append, cancelled=lambda: reports[-1].step == 4), run=place)
    assert half.stop_reason == "cancelled" and half.step == 4
    rest = run(discs, tiny, run=place)
    assert rest.step == 6 and rest.curves.steps == [3, 6]
    assert rest.curves.metrics["validation"] == pytest.approx(
        uninterrupted.curves.metrics["validation"], abs=1e-4
    )
    assert rest.stages.metrics["steps"] == [1, 2, 3, 4, 5, 6] == uninterrupted.stages.metrics["steps"]
    assert rest.stages.metrics["kl"] == pytest.approx(uninterrupted.stages.metrics["kl"], abs=1e-4)
    assert rest.curves.losses["kl"] == pytest.approx(uninterrupted.curves.losses["kl"], abs=1e-4)
    for first, second in zip(rest.result.get_weights(), uninterrupted.result.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-6)


def test_a_resumed_adversarial_run_equals_an_uninterrupted_one(discs, tiny, tmp_path):
    settings, reports, place = (
        tiny.model_copy(update={"adversarial": 0.5}),
        [],
        checkpoints.Run(tmp_path / "run"),
    )
    uninterrupted = run(discs, settings)
    run(discs, settings, Progress(reports.append, cancelled=lambda: reports[-1].step == 4), run=place)
    rest = run(discs, settings, run=place)
    assert rest.curves.losses["discriminator"] == pytest.approx(
        uninterrupted.curves.losses["discriminator"], abs=1e-4
    )
    for first, second in zip(rest.result.get_weights(), uninterrupted.result.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-5)


def test_adversarial_training_keeps_the_latest_weights(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"adversarial": 0.5}))
    trainer.lowest = -math.inf
    trainer.fit()
    assert len(trainer.best) == len(trainer.ema.arrays) > 0
    assert all(map(np.array_equal, trainer.best, trainer.ema.arrays))


def test_stages_and_previews_use_the_ema_weights(discs, tiny):
    settings = tiny.model_copy(update={"learning_rate": 0.05})
    trainer = train.Trainer(discs, LEARNED, TESTED, settings)
    trainer.fit()
    averaged, points = Vae(settings), stages.draw_latents(2 * train.PREVIEW_COLUMNS, settings.latent_dim)
    averaged.set_weights(trainer.ema.arrays)
    expected = stages.Stages(1)
    expected.add(6, encoding.decode(averaged, points), {})
    assert np.array_equal(trainer.stages.grids[-1], expected.grids[0])
    assert np.array_equal(
        trainer.draw_sheet(),
        train.draw_reconstructions(averaged, trainer.test_images[: train.PREVIEW_COLUMNS], settings),
    )
    live = encoding.decode(trainer.network, points)
    assert not np.array_equal(live, encoding.decode(averaged, points)), (
        "training continues with its own weights"
    )


def test_nan_discriminator_weights_are_dropped(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"adversarial": 0.5}))
    assert trainer.get_discriminator_weights()
    trainer.loss_model.adversarial_losses.discriminator.set_weights(
        [np.full_like(array, np.nan) for array in trainer.get_discriminator_weights()]
    )
    assert trainer.get_discriminator_weights() == []


def test_the_weights_with_the_lowest_validation_loss_are_kept(discs, tiny, monkeypatch):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny)
    averages, numbers = [], iter([1.0, 5.0])

    def fake_test(*args, **kwargs):
        averages.append([array.copy() for array in trainer.ema.arrays])
        return dict.fromkeys(("reconstruction", "kl", "kl_free_bits"), next(numbers))

    monkeypatch.setattr(trainer.tester, "test_on_batch", fake_test)
    trainer.fit()
    assert all(map(np.array_equal, trainer.best, averages[0]))
    assert not all(map(np.array_equal, trainer.best, averages[1]))


def test_every_test_uses_the_same_noise(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny)
    assert trainer.test(Progress()) == trainer.test(Progress())


def test_a_nan_loss_ends_training_with_the_best_weights(discs, tiny, monkeypatch):
    original, calls = VaeLosses.train_on_batch, []

    def fail(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            self.network.set_weights([np.full_like(array, np.nan) for array in self.network.get_weights()])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(VaeLosses, "train_on_batch", fail)
    result = run(discs, tiny)
    assert result.stop_reason == "nan" and result.step == 4 and not result.get_discriminator_weights()
    assert all(np.isfinite(array).all() for array in result.result.get_weights())


def test_a_run_without_a_finite_loss_raises(discs, tiny):
    broken = [np.full_like(array, np.nan) for array in Vae(tiny).get_weights()]
    with pytest.raises(StudioError, match="smaller learning rate"):
        run(discs, tiny, start=broken)


def test_stopping_before_the_first_step_raises(discs, tiny, monkeypatch):
    monkeypatch.setattr(train.Trainer, "advance", lambda self: (_ for _ in ()).throw(Cancelled()))
    with pytest.raises(Cancelled):
        run(discs, tiny)


def test_training_starts_from_given_weights(trained, discs, learning_settings):
    once = learning_settings.model_copy(update={"steps": 1, "learning_rate": 1e-6})
    started, fresh = run(discs, once, start=trained.result.get_weights()), run(discs, once)
    assert started.curves.losses["reconstruction"][0] < 0.6 * fresh.curves.losses["reconstruction"][0]


def test_a_start_model_of_another_shape_is_refused(discs, tiny, tmp_path):
    other = tiny.model_copy(update={"width": 6})
    with pytest.raises(StudioError, match="another shape"):
        run(discs, tiny, start=Vae(other).get_weights())
    reports, place = [], checkpoints.Run(tmp_path / "run")
    run(discs, tiny, Progress(reports.append, cancelled=lambda: reports[-1].step == 1), run=place)
    with pytest.raises(StudioError, match="another model"):
        run(discs, other, run=place)


def test_batches_are_mirrored_and_binarized_as_set(discs, tiny):
    def batches(images=discs, **wish):
        settings = tiny.model_copy(update=wish)
        trainer = train.Trainer(images, LEARNED, TESTED, settings)
        return [trainer.make_batch(step)["images"] for step in (0, 0, 12)], trainer.images[
            trainer.batches.select_rows(0)
        ]

    (plain, _, _), rows = batches(flip=False)
    assert np.array_equal(plain, rows)
    (first, again, _), rows = batches(flip=True)
    assert np.array_equal(first, again)
    same = [np.array_equal(a, b) for a, b in zip(first, rows, strict=True)]
    mirrored = [np.array_equal(a, b[:, ::-1]) for a, b in zip(first, rows, strict=True)]
    assert 0 < sum(same) < 8 and all(a or b for a, b in zip(same, mirrored, strict=True))
    one = np.repeat(discs[:1], 128, axis=0)  # so that only the sampling can differ
    (first, again, later), _ = batches(one, flip=False, likelihood="binary")
    assert set(np.unique(first)) == {0, 255} and np.array_equal(first, again)
    assert not np.array_equal(first, later)


@pytest.fixture(scope="module")
def half(discs, learning_settings):
    """A compiled run in bfloat16, like `trained`: fixtures of a module precede `eager`."""
    return run(discs, learning_settings.model_copy(update={"precision": "bfloat16"}))


def test_bfloat16_training_gives_a_float32_model(discs, learning_settings, trained, half):
    trainer = train.Trainer(
        discs, LEARNED, TESTED, learning_settings.model_copy(update={"precision": "bfloat16"})
    )
    layer = trainer.network.encoder.layers[0]
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert {layer.compute_dtype for layer in half.result.encoder.layers} == {"float32"}
    learned, missed = trained.curves.metrics["validation"], half.curves.metrics["validation"]
    assert not np.array_equal(learned, missed)
    assert missed[-1] == pytest.approx(learned[-1], rel=0.1)
    assert keras.config.dtype_policy().name == "float32"

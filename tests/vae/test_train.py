"""Training a VAE: learning, best weights, and resuming."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.training import checkpoints, stages
from studio.vae import codes, train
from studio.vae.learner import VaeLosses
from studio.vae.model import Vae

pytestmark = pytest.mark.slow

LEARNED, TESTED = np.arange(100), np.arange(100, 128)


def run(discs, settings, progress=None, **more):
    return train.Trainer(discs, LEARNED, TESTED, settings, **more).fit(progress)


def test_it_draws_again_what_it_never_saw(trained, discs, middles):
    curve = trained.curves.tests["validation"]
    assert curve[-1] < 0.75 * curve[0]
    again = codes.decode(trained.result, codes.encode(trained.result, discs[TESTED])[0])
    plain = np.abs(discs[LEARNED].astype("float32").mean(0) - discs[TESTED]).mean()
    assert np.abs(again.astype("float32") - discs[TESTED]).mean() < 0.75 * plain


@pytest.fixture(scope="module")
def whole(discs, tiny):
    """An uninterrupted training run."""
    return run(discs, tiny)


def test_it_reports_shows_and_is_repeatable(discs, tiny, whole):
    reports = []
    first = run(discs, tiny, Progress(reports.append))
    assert first.step == reports[-1].step == 6 and first.ended == ""
    assert reports[-1].metrics["validation"] == first.curves.tests["validation"][-1]
    preview = next(report.preview for report in reports if report.preview is not None)
    assert preview.shape == (4 * 30 - 2, 8 * 30 - 2, 3)
    assert np.array_equal(preview[:28, :28, 0], discs[100, :, :, 0])  # a held-out image, unchanged
    assert whole.curves.losses == first.curves.losses and whole.curves.tests == first.curves.tests
    assert all(map(np.array_equal, whole.result.get_weights(), first.result.get_weights()))


def test_losses_are_means_since_the_last_test(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"test_every": 2}))
    each = []
    usual = trainer.learner.train_on_batch

    def noted(*args, **kwargs):
        each.append(usual(*args, **kwargs))
        return each[-1]

    trainer.learner.train_on_batch = noted
    trainer.fit()
    assert len(trainer.curves.losses["reconstruction"]) == len(each) / 2 > 0
    for n, mean in enumerate(trainer.curves.losses["reconstruction"]):
        assert mean == pytest.approx(
            np.mean([losses["reconstruction"] for losses in each[2 * n : 2 * n + 2]])
        )


def test_a_run_that_was_stopped_goes_on_as_an_unbroken_one(discs, tiny, whole, tmp_path):
    reports, place = [], checkpoints.Run(tmp_path / "run")
    half = run(discs, tiny, Progress(reports.append, cancelled=lambda: reports[-1].step == 4), run=place)
    assert half.ended == "cancelled" and half.step == 4
    rest = run(discs, tiny, run=place)
    assert rest.step == 6 and rest.curves.steps == [3, 6]
    assert rest.curves.tests["validation"] == pytest.approx(whole.curves.tests["validation"], abs=1e-4)
    assert rest.stages.metrics["steps"] == [1, 2, 3, 4, 5, 6] == whole.stages.metrics["steps"]
    assert rest.stages.metrics["kl"] == pytest.approx(whole.stages.metrics["kl"], abs=1e-4)
    assert rest.curves.losses["kl"] == pytest.approx(whole.curves.losses["kl"], abs=1e-4)
    for first, second in zip(rest.result.get_weights(), whole.result.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-6)


def test_a_game_that_was_stopped_goes_on_as_an_unbroken_one(discs, tiny, tmp_path):
    wish, reports, place = tiny.model_copy(update={"adversarial": 0.5}), [], checkpoints.Run(tmp_path / "run")
    whole = run(discs, wish)
    run(discs, wish, Progress(reports.append, cancelled=lambda: reports[-1].step == 4), run=place)
    rest = run(discs, wish, run=place)
    assert rest.curves.losses["discriminator"] == pytest.approx(
        whole.curves.losses["discriminator"], abs=1e-4
    )
    for first, second in zip(rest.result.get_weights(), whole.result.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-5)


def test_against_a_discriminator_the_latest_weights_are_kept(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"adversarial": 0.5}))
    trainer.lowest = -math.inf
    trainer.fit()
    assert len(trainer.best) == len(trainer.ema.arrays) > 0
    assert all(map(np.array_equal, trainer.best, trainer.ema.arrays))


def test_stages_and_previews_are_by_the_averaged_weights_as_the_result_is(discs, tiny):
    settings = tiny.model_copy(update={"learning_rate": 0.05})
    trainer = train.Trainer(discs, LEARNED, TESTED, settings)
    trainer.fit()
    averaged, points = Vae(settings), stages.draw_latents(2 * train.PREVIEW_COLUMNS, settings.latent_dim)
    averaged.set_weights(trainer.ema.arrays)
    expected = stages.Stages(1)
    expected.add(6, codes.decode(averaged, points), {})
    assert np.array_equal(trainer.stages.grids[-1], expected.grids[0])
    assert np.array_equal(
        trainer.sheet(), train.draw_sheet(averaged, trainer.test_images[: train.PREVIEW_COLUMNS], settings)
    )
    live = codes.decode(trainer.learner.vae, points)
    assert not np.array_equal(live, codes.decode(averaged, points)), "training continues with its own weights"


def test_a_discriminator_that_holds_no_numbers_is_not_kept(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny.model_copy(update={"adversarial": 0.5}))
    assert trainer.discriminator()
    trainer.learner.game.discriminator.set_weights(
        [np.full_like(array, np.nan) for array in trainer.discriminator()]
    )
    assert trainer.discriminator() == []


def test_the_best_on_validation_images_is_kept(discs, tiny, monkeypatch):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny)
    averages, numbers = [], iter([1.0, 5.0])

    def lost(*args, **kwargs):
        averages.append([array.copy() for array in trainer.ema.arrays])
        return dict.fromkeys(("reconstruction", "kl", "charged"), next(numbers))

    monkeypatch.setattr(trainer.tester, "test_on_batch", lost)
    trainer.fit()
    assert all(map(np.array_equal, trainer.best, averages[0]))
    assert not all(map(np.array_equal, trainer.best, averages[1]))


def test_every_test_draws_the_same_noise(discs, tiny):
    trainer = train.Trainer(discs, LEARNED, TESTED, tiny)
    assert trainer.test(Progress()) == trainer.test(Progress())


def test_a_loss_that_is_no_number_ends_it_with_the_best_so_far(discs, tiny, monkeypatch):
    usual, calls = VaeLosses.train_on_batch, []

    def breaks(self, *args, **kwargs):
        calls.append(1)
        if len(calls) == 5:
            self.vae.set_weights([np.full_like(array, np.nan) for array in self.vae.get_weights()])
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(VaeLosses, "train_on_batch", breaks)
    result = run(discs, tiny)
    assert result.ended == "nan" and result.step == 4 and not result.discriminator()
    assert all(np.isfinite(array).all() for array in result.result.get_weights())


def test_a_training_without_a_finite_loss_is_told(discs, tiny):
    broken = [np.full_like(array, np.nan) for array in Vae(tiny).get_weights()]
    with pytest.raises(StudioError, match="smaller learning rate"):
        run(discs, tiny, start=broken)


def test_who_stops_at_once_gets_nothing(discs, tiny, monkeypatch):
    monkeypatch.setattr(train.Trainer, "advance", lambda self: (_ for _ in ()).throw(Cancelled()))
    with pytest.raises(Cancelled):
        run(discs, tiny)


def test_it_begins_with_a_trained_model(trained, discs, able):
    once = able.model_copy(update={"steps": 1, "learning_rate": 1e-6})
    started, fresh = run(discs, once, start=trained.result.get_weights()), run(discs, once)
    assert started.curves.losses["reconstruction"][0] < 0.6 * fresh.curves.losses["reconstruction"][0]


def test_models_of_another_shape_are_refused(discs, tiny, tmp_path):
    other = tiny.model_copy(update={"width": 6})
    with pytest.raises(StudioError, match="another shape"):
        run(discs, tiny, start=Vae(other).get_weights())
    reports, place = [], checkpoints.Run(tmp_path / "run")
    run(discs, tiny, Progress(reports.append, cancelled=lambda: reports[-1].step == 1), run=place)
    with pytest.raises(StudioError, match="another model"):
        run(discs, other, run=place)


def test_batches_are_mirrored_or_not_and_drawn_black_and_white(discs, tiny):
    def batches(images=discs, **wish):
        settings = tiny.model_copy(update=wish)
        trainer = train.Trainer(images, LEARNED, TESTED, settings)
        return [trainer.batch(step) for step in (0, 0, 12)], trainer.source[trainer.batches.at(0)]

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


def test_in_bfloat16_it_learns_as_much_and_ends_whole(discs, able, trained):
    half = run(discs, able.model_copy(update={"precision": "bfloat16"}))
    trainer = train.Trainer(discs, LEARNED, TESTED, able.model_copy(update={"precision": "bfloat16"}))
    layer = trainer.learner.vae.encoder.layers[0]
    assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
    assert {layer.compute_dtype for layer in half.result.encoder.layers} == {"float32"}
    learned, missed = trained.curves.tests["validation"], half.curves.tests["validation"]
    assert not np.array_equal(learned, missed)
    assert missed[-1] == pytest.approx(learned[-1], rel=0.1)
    assert keras.config.dtype_policy().name == "float32"

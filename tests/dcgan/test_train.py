"""Training a DCGAN: both networks learn, a collapse is rolled back, and runs resume."""

from __future__ import annotations

from itertools import pairwise, repeat

import keras
import numpy as np
import pytest
import random_weights
import tiny_dcgan
from keras import ops

from studio.core.errors import Cancelled, StudioError
from studio.core.generators.discriminator import (
    Augment,
    compute_gradient_norms,
    logistic_loss,
    relativistic_loss,
)
from studio.core.generators.latent_sampler import LatentSampler
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.dcgan import model, train
from studio.dcgan.settings import TrainDcganSettings


@pytest.fixture(scope="module")
def blobs() -> np.ndarray:
    """Bright discs at various positions, `(96, 28, 28, 1) uint8`."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :28]
    middles = rng.uniform(8, 20, (96, 2, 1, 1))
    near = np.hypot(rows - middles[:, 0], columns - middles[:, 1]) < 5
    return (near * 255).astype("uint8")[..., None]


@pytest.fixture(scope="module")
def tiny() -> TrainDcganSettings:
    return TrainDcganSettings(**tiny_dcgan.SHORT)


@pytest.fixture(scope="module")
def uninterrupted(blobs, tiny):
    """An uninterrupted training run."""
    return tiny_dcgan.fit(blobs, tiny)


def train_one_step(settings, images, *losses):
    """Returns a GAN after one step with these losses only."""

    class SelectedLosses(model.Gan):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return sum(y_pred[name] * (name in losses) for name in ("generator", "discriminator"))

    gan = SelectedLosses(settings)
    gan.compile_with_schedule()
    gan.run_eagerly = True  # tracing a graph takes longer than its only step
    gan.train_on_batch({"real": images[:8]})
    return gan


@pytest.mark.slow
@pytest.mark.parametrize("game", ["logistic", "relativistic"])
@pytest.mark.parametrize(
    "loss, network",
    [("generator", "generator"), ("discriminator", "discriminator")],
    ids=["generator", "discriminator"],
)
def test_each_network_learns_from_its_own_loss_alone(blobs, tiny, loss, network, game):
    tiny = tiny.model_copy(update={"gradient_penalty": 1.0, "loss": game})
    own, both = (
        getattr(train_one_step(tiny, blobs, *some), network)
        for some in ((loss,), ("generator", "discriminator"))
    )
    fresh = getattr(model.Gan(tiny), network)
    for first, second, before in zip(
        own.trainable_variables, both.trainable_variables, fresh.trainable_variables, strict=True
    ):
        assert np.allclose(first, second, atol=1e-7) and not np.allclose(first, before, atol=1e-7)


@pytest.mark.slow
def test_training_learns_reports_and_is_repeatable(blobs, tiny, uninterrupted):
    reports = []
    first = tiny_dcgan.fit(blobs, tiny, Progress(reports.append))
    assert first.step == reports[-1].step == 6 and first.stop_reason == ""
    assert first.curves.steps == [3, 6] and len(first.curves.metrics["diversity"]) == 2
    assert any(report.preview is not None and report.preview.shape[2] == 3 for report in reports)
    assert uninterrupted.curves.losses == first.curves.losses
    for one, other in zip(uninterrupted.result.get_weights(), first.result.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("game", ["logistic", "relativistic"])
def test_stages_store_the_discriminator_scores_of_their_step(blobs, tiny, game, monkeypatch):
    settings = tiny.model_copy(update={"steps": 3, "loss": game, "gradient_penalty": 0.5})
    trainer, all_logits = train.Trainer(blobs, settings), []
    original = model.cast_to_float32

    def record(logits):
        all_logits.append(original(logits))
        return all_logits[-1]

    def record_with_norms(*args):
        logits, norms = compute_gradient_norms(*args)
        return record(logits), norms

    trainer.gan.run_eagerly = True
    monkeypatch.setattr(model, "cast_to_float32", record)
    monkeypatch.setattr(model, "compute_gradient_norms", record_with_norms)
    trainer.fit()
    numbers = trainer.stages.metrics
    assert numbers["steps"] == [1, 2, 3] and set(numbers) == {
        "steps",
        "generator",
        "discriminator",
        "mark",
        "real",
    }
    for n in range(3):
        real, generated = _logits(all_logits[n * len(all_logits) // 3 :], game)
        other = {"logistic": (0, 0), "relativistic": (real.mean(), generated.mean())}[game]
        assert numbers["mark"][n] == pytest.approx(np.mean(1 / (1 + np.exp(other[0] - generated))), rel=1e-4)
        assert numbers["real"][n] == pytest.approx(np.mean(1 / (1 + np.exp(other[1] - real))), rel=1e-4)
    assert not np.array_equal(trainer.stages.grids[0], trainer.stages.grids[-1])


def _logits(logits, game):
    """Returns the logits of real and generated images in one step, from all recorded arrays."""
    columns = [
        np.asarray(array, "float64") for array in logits if array.shape[-1] == 1 and len(array.shape) == 2
    ]
    return np.split(columns[0], 2) if game == "relativistic" else columns[:2]


@pytest.mark.slow
def test_a_resumed_run_equals_an_uninterrupted_one(blobs, tiny, uninterrupted, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.training.trainer.REPORT_SECONDS", 0)
    reports = []
    run = checkpoints.Run(tmp_path / "run")
    stopping = Progress(reports.append, cancelled=lambda: reports[-1].step == 4)
    half = tiny_dcgan.fit(blobs, tiny, stopping, run=run)
    assert half.stop_reason == "cancelled" and half.step == 4
    assert half.curves.steps == [3, 4], "nothing is measured here, so that its newest weights are kept"
    rest = tiny_dcgan.fit(blobs, tiny, run=run)
    assert rest.step == 6 and rest.curves.steps == [3, 6]
    assert rest.stages.metrics["steps"] == [1, 2, 3, 4, 5, 6]
    for name, numbers in uninterrupted.stages.metrics.items():
        assert rest.stages.metrics[name] == pytest.approx(numbers, abs=1e-5), name
    for one, other in zip(rest.stages.grids, uninterrupted.stages.grids, strict=True):
        assert np.abs(one.astype(int) - other).max() <= 1
    for first, second in zip(rest.result.get_weights(), uninterrupted.result.get_weights(), strict=True):
        assert np.allclose(first, second, atol=1e-6)


@pytest.mark.slow
def test_recomputed_statistics_do_not_depend_on_earlier_ones(tiny):
    means = []
    for before in (0.0, 100.0):
        generator = model.Gan(tiny).generator
        norm = next(layer for layer in generator.layers if "norm" in layer.name)
        norm.moving_mean.assign(ops.ones_like(norm.moving_mean) * before)
        train.recompute_batch_norm(generator, LatentSampler(tiny.latent_dim), tiny.seed)
        means.append(np.asarray(norm.moving_mean))
        assert norm.momentum == 0.9
    np.testing.assert_allclose(*means, atol=1e-5)


def replace_steps(monkeypatch, losses=None, change=0.0):
    """Replaces the steps of all trainers by ones that add `change` to the generator's weights.

    What a trainer does with tests and losses does not depend on how the networks learn, whose graph takes
    seconds to trace. `losses` are those of each step, by default always 1.
    """
    losses = losses or repeat(1.0)

    def take_step(trainer, *_):
        weights = [array + np.float32(change) for array in trainer.gan.generator.get_weights()]
        trainer.gan.generator.set_weights(weights)
        return dict.fromkeys(("generator", "discriminator", "generated_score", "real_score"), next(losses))

    monkeypatch.setattr(train.Trainer, "take_step", take_step)


@pytest.mark.slow
def test_the_weights_with_the_lowest_kid_are_kept(blobs, tiny, monkeypatch):
    replace_steps(monkeypatch, change=0.05)
    distances = iter([1.0, 5.0])
    batches = []

    def score_images(images):
        batches.append(images)
        kid = next(distances)
        return {"kid": kid, "training kid": -kid}  # does not select weights

    result = tiny_dcgan.fit(blobs, tiny, score_images=score_images)
    assert result.curves.metrics["kid"] == [1.0, 5.0]
    assert result.curves.metrics["training kid"] == [-1.0, -5.0]
    z = LatentSampler(tiny.latent_dim).sample(np.random.default_rng([tiny.seed, 7]), 500)
    again = train.generate_uint8_images(result.result.generator, z)
    near, far = (int(np.abs(again.astype(int) - batch).max()) for batch in batches)
    assert near <= 1 < far


@pytest.mark.slow
def test_a_collapse_is_rolled_back_until_training_gives_up(blobs, tiny, monkeypatch):
    replace_steps(monkeypatch)
    various = iter([0.5, 1.0] + [0.1] * 20)  # the first one has the real images
    monkeypatch.setattr(train, "measure_diversity", lambda images: next(various))
    trainer = train.Trainer(blobs, tiny.model_copy(update={"steps": 60}))
    good = []
    original = trainer._save_good_variables
    monkeypatch.setattr(trainer, "_save_good_variables", lambda: (original(), good.append(trainer.step)))
    assert trainer.fit().stop_reason == "collapsed"
    assert good == [3] and trainer.rollbacks == train.MAX_ROLLBACKS + 1
    assert trainer.step == 3 * (1 + train.MAX_ROLLBACKS + 1)


def test_a_saturated_discriminator_is_rolled_back(blobs, tiny, monkeypatch):
    monkeypatch.setattr(train, "recompute_batch_norm", lambda *args: None)
    monkeypatch.setattr(train, "generate_uint8_images", lambda generator, z: blobs)
    trainer = train.Trainer(blobs, tiny)
    for loss, taken_back in ((2, 0), (0.5, 1)):
        trainer.loss_sums, trainer.steps_since_test = (
            {"discriminator": 50 * loss * train.MIN_DISCRIMINATOR_LOSS},
            50,
        )
        trainer.test(Progress())
        assert trainer.rollbacks == taken_back


@pytest.mark.slow
def test_a_run_without_a_good_test_raises(blobs, tiny, monkeypatch):
    replace_steps(monkeypatch)
    monkeypatch.setattr(train, "MIN_DISCRIMINATOR_LOSS", 1e9)
    with pytest.raises(StudioError, match="discriminator won at every test"):
        tiny_dcgan.fit(blobs, tiny)


@pytest.mark.slow
def test_a_rollback_keeps_the_random_state(blobs, tiny):
    trainer = train.Trainer(blobs, tiny)
    trainer.gan.run_eagerly = True
    trainer.advance()
    states = [variable for variable in trainer.gan.variables if "seed_generator" in variable.path]
    trainer.ema.update([array + 1 for array in trainer.ema.arrays], 1)  # of weights that are rolled back
    trainer._roll_back()
    assert all(map(np.array_equal, trainer.ema.arrays, trainer.gan.generator.get_weights()))
    assert any(np.array(state)[1] for state in states)  # how often each one generated
    kernels = zip(trainer.good, trainer.gan.variables, strict=False)
    assert all(
        np.array_equal(good, np.array(kernel))
        for good, kernel in kernels
        if "seed_generator" not in kernel.path
    )


@pytest.mark.slow
def test_nan_losses_before_the_first_test_raise(blobs, tiny):
    trainer = train.Trainer(blobs, tiny)
    trainer.gan.run_eagerly = True
    trainer.gan.generator.set_weights([array * np.nan for array in trainer.gan.generator.get_weights()])
    with pytest.raises(StudioError, match="smaller learning rate"):
        trainer.fit()


@pytest.mark.slow
def test_nan_losses_end_training_with_the_best_weights(blobs, tiny, monkeypatch):
    nan = float("nan")
    replace_steps(monkeypatch, iter([1.0, 1.0, 1.0, nan]))
    trainer = train.Trainer(blobs, tiny)
    test = trainer.test

    def test_and_diverge(progress):
        scores = test(progress)
        generator = trainer.gan.generator
        generator.set_weights([array * nan for array in generator.get_weights()])
        return scores

    monkeypatch.setattr(trainer, "test", test_and_diverge)
    trainer.fit()
    assert trainer.stop_reason == "nan" and trainer.step == 3 and trainer.curves.steps == [3]
    final_weights = trainer.result.generator.get_weights()
    assert all(map(np.array_equal, final_weights, trainer.best)) and all(
        np.isfinite(array).all() for array in final_weights
    )


def test_stopping_before_the_first_step_raises(blobs, tiny):
    with pytest.raises(Cancelled):
        tiny_dcgan.fit(blobs, tiny, Progress(cancelled=lambda: True), run=None)


def test_a_start_model_of_another_shape_is_refused(blobs, tiny):
    other = model.Gan(tiny.model_copy(update={"width": 6}))
    with pytest.raises(StudioError, match="another shape"):
        tiny_dcgan.fit(blobs, tiny, start=other)


@pytest.mark.parametrize("size, colors", [(28, "gray"), (32, "color"), (64, "color")])
def test_both_networks_fit_every_size(size, colors):
    settings = TrainDcganSettings(size=size, colors=colors, width=4, discriminator_width=4)
    z = np.zeros((2, settings.latent_dim), "float32")
    images = model.build_generator(settings)(z)
    assert images.shape == (2, size, size, settings.channels)
    assert model.Gan(settings).discriminator(images).shape == (2, 1)


def test_the_logistic_loss_weighs_real_and_generated_equally():
    real, generated = np.float32([[0], [2], [-1]]), np.float32([[1], [-3]])
    nats = np.log(1 + np.exp(-real)).mean() + np.log(1 + np.exp(generated)).mean()
    assert float(logistic_loss(real, generated)) == pytest.approx(nats, rel=1e-6)


@pytest.fixture
def discriminator(monkeypatch):
    """A discriminator whose gradient is half the image, and whose logit is a quarter of its energy."""
    quarter = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(0.25))
    squares = keras.layers.Activation(ops.square)
    discriminator = keras.Sequential([keras.Input((28, 28, 1)), squares, keras.layers.Flatten(), quarter])
    monkeypatch.setattr(model, "build_pixel_discriminator", lambda *args: discriminator)
    return discriminator


def compute_penalties(settings, real, generated):
    """Returns what a gradient penalty of 1 adds to the discriminator's loss, by type of loss."""
    added, (real, generated) = {}, map(ops.convert_to_tensor, (real, generated))
    for loss in ("logistic", "relativistic"):
        losses = []
        for penalty in (0.0, 1.0):
            changes = {"batch": len(real), "loss": loss, "gradient_penalty": penalty}
            gan = model.Gan(settings.model_copy(update=changes))
            compute = getattr(gan, f"_compute_{loss}_losses")
            losses.append(float(compute(real, generated, gan.augment(generated), False)[0]["discriminator"]))
        added[loss] = losses[1] - losses[0]
    return added


def compute_energies(images):
    return np.square(images / 2).sum((1, 2, 3))


def test_the_penalty_is_the_mean_squared_gradient_norm(tiny, discriminator):
    """R1 and R2 of R3GAN, arXiv:2501.05441: half the penalty times each mean. The logistic loss has R1."""
    still = tiny.model_copy(update={"shift": 0, "flip": False})
    real, generated = np.random.default_rng(0).uniform(-1, 1, (2, 8, 28, 28, 1)).astype("float32")
    real *= np.arange(8).reshape(8, 1, 1, 1)  # the images differ
    added = compute_penalties(still, real, generated)
    assert added["logistic"] == pytest.approx(compute_energies(real).mean() / 2, rel=1e-4)
    assert added["relativistic"] == pytest.approx(
        (compute_energies(real) + compute_energies(generated)).mean() / 2, rel=1e-4
    )


def test_the_penalty_differentiates_by_images_before_augmentation(tiny, discriminator, monkeypatch):
    monkeypatch.setattr(model, "build_augmentation", lambda settings: lambda images: 3 * images)
    real, generated = np.random.default_rng(0).uniform(-1, 1, (2, 8, 28, 28, 1)).astype("float32")
    added = compute_penalties(tiny, real, generated)
    assert added["logistic"] == pytest.approx(81 * compute_energies(real).mean() / 2, rel=1e-4)
    assert added["relativistic"] == pytest.approx(
        81 * (compute_energies(real) + compute_energies(generated)).mean() / 2, rel=1e-4
    )


def test_the_penalty_of_flat_images_is_0(tiny, discriminator):
    flat = np.zeros((8, 28, 28, 1), "float32")
    assert compute_penalties(tiny, flat, flat) == pytest.approx({"logistic": 0, "relativistic": 0}, abs=1e-6)


@pytest.mark.slow
def test_the_penalty_trains_the_discriminator(blobs, tiny):
    after = []
    for penalty in (1e-9, 10.0):
        changes = {"loss": "relativistic", "gradient_penalty": penalty, "discriminator_rate": 0.003}
        gan = model.Gan(tiny.model_copy(update=changes))
        gan.compile_with_schedule()
        for _ in range(20):
            gan.train_on_batch({"real": blobs[:8]})
        real = blobs[:8].astype("float32") / 127.5 - 1
        _, norms = compute_gradient_norms(gan.discriminator, ops.convert_to_tensor(real))
        after.append(float(ops.mean(norms)))
    assert after[1] < 0.5 * after[0]


def test_the_relativistic_loss_compares_pairs_of_logits(tiny):
    own, other = np.float32([[3], [0], [-1]]), np.float32([[1], [0], [2]])
    nats = np.log(1 + np.exp(other - own)).mean()
    assert float(relativistic_loss(own, other)) == pytest.approx(nats, rel=1e-6)


def test_relativistic_logits_depend_on_one_image(blobs, tiny):
    batch = blobs[:8].astype("float32") / 127.5 - 1
    differences = {}
    for loss in ("logistic", "relativistic"):
        discriminator = model.Gan(tiny.model_copy(update={"loss": loss, "dropout": 0.0})).discriminator
        alone, among = (np.asarray(discriminator(some, training=True))[:2] for some in (batch[:2], batch))
        differences[loss] = np.abs(alone - among).max()
    assert differences["relativistic"] < 1e-5 < differences["logistic"]


@pytest.mark.slow
def test_learning_rates_decay_to_rate_end(blobs, tiny):
    gan = model.Gan(tiny.model_copy(update={"rate_end": 0.25, "learning_rate": 0.004, "steps": 3}))
    gan.compile_with_schedule()
    gan.run_eagerly = True
    rates = []
    for _ in range(4):
        rates.append(sorted(float(optimizer.learning_rate) for optimizer in gan.optimizer.optimizers))
        gan.train_on_batch({"real": blobs[:8]})
    assert rates[0] == pytest.approx([0.0002, 0.004]) and rates[-1] == pytest.approx([0.00005, 0.001])
    assert all(
        first > second
        for before, after in pairwise(rates)
        for first, second in zip(before, after, strict=True)
    )


def test_palette_images_are_mixtures_of_the_palette(tiny):
    settings = tiny.model_copy(update={"palette": 2, "colors": "color"})
    generator = model.build_generator(settings)
    random_weights.assign(generator)
    pixels = np.asarray(generator(np.ones((1, 8), "float32"))).reshape(-1, 3)
    between = pixels - pixels.mean(0)
    lengths = np.linalg.svd(between, compute_uv=False)
    assert lengths[0] > 0.1 and lengths[1] < 1e-4 * lengths[0]  # all colors on one line


def test_shifts_move_pixels_unchanged():
    augment = Augment(32, shift=4, flip=False, cutout=0, seed=1)
    image = np.random.default_rng(0).random((32, 32, 3)).astype("float32")
    moved = ops.convert_to_numpy(augment(np.stack([image] * 40)))
    places = set()
    for item in moved:
        shifts = [
            (down, right)
            for down in range(-4, 5)
            for right in range(-4, 5)
            if np.allclose(item[8:24, 8:24], image[8 + down : 24 + down, 8 + right : 24 + right])
        ]
        assert len(shifts) == 1
        down, right = shifts[0]
        places.add(shifts[0])
        # Shifts fill with gray, so that images show how far they were shifted.
        inside = np.zeros((32, 32), bool)
        inside[max(0, -down) : 32 - max(0, down), max(0, -right) : 32 - max(0, right)] = True
        assert (item[~inside] == 0).all() and item[inside].any(axis=-1).all()
    assert len(places) > 20


def test_a_cutout_is_gray_and_has_the_right_size():
    augment = Augment(32, shift=0, flip=False, cutout=0.5, seed=1)
    holes = ops.convert_to_numpy(augment(np.ones((200, 32, 32, 3), "float32"))) == 0
    assert holes.reshape(200, -1).mean(1).max() == pytest.approx(0.25, abs=0.02)
    assert holes.any(axis=(0, 3)).all()


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_bfloat16_training_gives_a_float32_model(blobs, tiny, uninterrupted):
    half = tiny.model_copy(update={"precision": "bfloat16", "gradient_penalty": 1.0})
    trainer = train.Trainer(blobs, half)
    kinds = {layer.compute_dtype for layer in trainer.gan.generator.layers if layer.weights}
    assert kinds == {"bfloat16"} and {variable.dtype for variable in trainer.gan.trainable_variables} == {
        "float32"
    }
    rough = tiny_dcgan.fit(blobs, tiny.model_copy(update={"precision": "bfloat16", "steps": 3}))
    assert tiny.precision == "float32"
    assert {layer.compute_dtype for layer in rough.result.generator.layers} == {"float32"}
    for name in ("generator", "discriminator"):
        exact, near = (run.curves.losses[name][0] for run in (uninterrupted, rough))
        assert exact != near and exact == pytest.approx(near, rel=0.05)

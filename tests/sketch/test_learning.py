"""Training of the sketch network on a few small avatars."""

from __future__ import annotations

import io

import numpy as np
import pytest
import tiny_sketch

from studio.core.data import arrays, sample_sets
from studio.core.errors import InvalidInput
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.sketch.learn import avatar_bank as banks
from studio.sketch.learn.avatar_bank import AvatarBank
from studio.sketch.learn.train import Trainer
from training.drawings.data_sets import draw_data_set

COUNT, SIZE = 16, tiny_sketch.SETTINGS.size


@pytest.fixture(scope="module")
def sketch_arrays():
    """Arrays as the studio draws them."""
    return draw_data_set("sketches", COUNT, 0, size=SIZE)


@pytest.fixture(scope="module")
def bank(sketch_arrays):
    return AvatarBank(sketch_arrays)


def save_arrays(content):
    """Stores arrays as an npz."""
    packed = io.BytesIO()
    arrays.write(packed, content)
    return File.store(packed.getvalue(), "dataset", "mine.npz")


def make_trainer(bank, run=None, **settings):
    settings = tiny_sketch.SETTINGS.model_copy(update=settings)
    tested = bank.make_batch_of_kinds(np.arange(6), ["outline"] * 6, np.random.default_rng(0))
    return Trainer(bank, tested, settings, run)


def test_true_layers_render_the_target_images(bank):
    """Nearly every pixel of an avatar is a mix of a few role colors."""
    for image, colors in zip(bank.images, bank.arrays["colors"], strict=True):
        pixels = image.reshape(-1, 1, 3).astype("float32") / 255
        shaded = (colors[:, None] * (1 - np.linspace(0, 2.6, 14)[:, None] * (0.15, 0.21, 0.18))).reshape(
            -1, 3
        )
        nearest = np.abs(pixels - shaded).sum(-1).min(1)
        assert np.mean(nearest < 0.08) > 0.7  # the others are borders


def test_batches_depend_on_the_seed(bank):
    rows = np.arange(4)
    one, again, other = (bank.make_batch(rows, np.random.default_rng(n)) for n in (1, 1, 2))
    assert one["drawing"].shape == (4, 32, 32, 7) and one["drawing"].max() <= 1
    assert one["image"].shape == (4, 32, 32, 3) and one["colors"].shape[0] == 4
    assert np.array_equal(one["drawing"], again["drawing"])
    assert not np.array_equal(one["drawing"], other["drawing"])
    assert np.array_equal(one["image"], other["image"])


def test_avatars_are_loaded_and_downscaled(home, sketch_arrays):
    same = banks.read_bank(save_arrays(sketch_arrays), SIZE)
    assert all(np.array_equal(same.arrays[name], array) for name, array in sketch_arrays.items())
    shipped = sample_sets.store("sample:sketches")
    large, small = banks.read_bank(shipped, 96), banks.read_bank(shipped, 32)
    assert len(large) == len(small) == 128 and small.arrays["parts"].shape[1:] == (3, 32, 32, 3)
    assert np.abs(small.images.mean((1, 2)) - large.images.mean((1, 2))).max() < 1
    coarse = large.arrays["outline"].reshape(-1, 32, 3, 32, 3).mean((2, 4))
    assert np.abs(small.arrays["outline"].reshape(-1, 32, 32) - coarse).max() <= 0.51
    assert np.array_equal(small.arrays["roles"], large.arrays["roles"][:, 1::3, 1::3])


@pytest.mark.parametrize(
    "change, says",
    [
        ({"roles": np.zeros((COUNT, SIZE, 4), "uint8")}, "arrays of other shapes"),
        ({"roles": np.full((COUNT, SIZE, SIZE), 200, "uint8")}, "arrays of other shapes"),
        ({"images": np.float32(1)}, "arrays of other shapes"),
        ({"light": np.zeros((COUNT, 0, SIZE, SIZE), "uint8")}, "arrays of other shapes"),
        ({"outline": np.zeros((COUNT, 2, SIZE, SIZE), "float32")}, "arrays of other shapes"),
        ({"colors": None}, "none called colors"),
    ],
)
def test_arrays_without_avatars_are_rejected(home, sketch_arrays, change, says):
    content = {name: array for name, array in (sketch_arrays | change).items() if array is not None}
    with pytest.raises(InvalidInput, match=says):
        banks.read_bank(save_arrays(content), SIZE)


def test_few_avatars_other_sizes_and_other_files_are_rejected(home, sketch_arrays):
    with pytest.raises(InvalidInput, match="at least 16 avatars"):
        banks.read_bank(save_arrays({name: array[:15] for name, array in sketch_arrays.items()}), SIZE)
    with pytest.raises(InvalidInput, match="32 px"):
        banks.read_bank(save_arrays(sketch_arrays), 96)
    for file in (File.store(b"no zip", "dataset", "mine.npz"), sample_sets.store("sample:hair")):
        with pytest.raises(InvalidInput, match="an npz of arrays"):
            banks.read_bank(file, SIZE)


def test_each_loss_reaches_its_own_network(bank):
    import keras
    import tensorflow as tf

    if keras.backend.backend() != "tensorflow":
        pytest.skip("asks TensorFlow for gradients")
    model_trainer = make_trainer(bank)
    batch = bank.make_batch(np.arange(4), np.random.default_rng(0))
    both = (
        model_trainer.learner.generator.trainable_variables,
        model_trainer.learner.discriminator.trainable_variables,
    )
    for name, (mine, other_weights) in (("generator", both), ("discriminator", both[::-1])):
        with tf.GradientTape(persistent=True) as tape:
            loss = model_trainer.learner(batch, training=True)[name]
        assert any(np.abs(gradient).max() > 0 for gradient in tape.gradient(loss, [v.value for v in mine]))
        assert all(gradient is None for gradient in tape.gradient(loss, [v.value for v in other_weights]))


@pytest.mark.slow
def test_training_lowers_the_held_out_error(bank):
    trainer = make_trainer(bank, steps=12, test_every=12)
    start = trainer.test(Progress())["held out"]
    assert trainer.fit().stop_reason == ""
    assert trainer.test(Progress())["held out"] < start

"""A DCGAN starts from another one of its size or of half its size."""

from __future__ import annotations

import numpy as np
import pytest
import random_weights
from keras import ops

from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.dcgan import growth, model, train, upscaling
from studio.dcgan.settings import TrainDcganSettings
from training.drawings.data_sets import draw_data_set

RELATIVE = {"loss": "relativistic", "gradient_penalty": 1.0}


@pytest.fixture(scope="module")
def tiny() -> TrainDcganSettings:
    return TrainDcganSettings(size=28, width=4, discriminator_width=4, latent_dim=8, batch=8, colors="gray")


def grow(small: TrainDcganSettings, **other) -> tuple[model.Gan, model.Gan]:
    """Returns a DCGAN with weights, and one of twice its size that starts from it."""
    half = {
        "size": 2 * small.size,
        "width": small.width // 2,
        "discriminator_width": small.discriminator_width // 2,
    }
    before = model.Gan(small.model_copy(update={"seed": 5}))
    random_weights.assign(before.discriminator)
    last = before.generator.get_layer("image")
    last.kernel.assign(20 * last.kernel)  # new networks generate nearly flat images
    last.bias.assign(0.3 * np.ones(last.bias.shape))
    trainer = train.Trainer(images(2 * small.size, small.channels), small.model_copy(update=half | other))
    growth.copy_weights(before, trainer.gan, trainer.train_images)
    return before, trainer.gan


def images(size: int, channels: int) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (96, size, size, channels)).astype("uint8")


def test_weights_are_copied_from_a_model_without_options(tiny):
    before = model.Gan(tiny.model_copy(update={"seed": 5}))
    richer = tiny.model_copy(update={"blocks": 1, "palette": 3} | RELATIVE)
    trainer = train.Trainer(images(28, 1), richer)
    fresh = {variable.path: np.array(variable) for variable in trainer.gan.variables}
    growth.copy_weights(before, trainer.gan, trainer.train_images)
    new = ("refine", "1_0", "image", "hues", "colors")
    for layer in trainer.gan.generator.layers:
        for entry in layer.trainable_variables:
            same = np.array_equal(entry, fresh[entry.path])
            if any(part in layer.name for part in new):
                assert same, layer.name
            else:
                there = before.generator.get_layer(layer.name).trainable_variables
                assert any(np.array_equal(entry, other) for other in there), layer.name
    discriminator = trainer.gan.discriminator.trainable_variables
    assert all(np.array_equal(variable, fresh[variable.path]) for variable in discriminator)


def generate_images(gan: model.Gan) -> np.ndarray:
    return np.asarray(gan.generator(np.random.default_rng(0).standard_normal((4, 8)).astype("float32")))


@pytest.mark.parametrize("colors, width", [("gray", 8), ("color", 12)])
def test_a_grown_model_first_generates_the_same_images_upscaled(tiny, colors, width):
    """From 32 to 64 px with half as many channels: each pixel follows its neighbors before clipping."""
    changes = {"size": 32, "width": width, "discriminator_width": 8, "blocks": 1, "colors": colors}
    small, large = map(generate_images, grow(tiny.model_copy(update=changes)))
    expected = np.asarray(ops.image.resize(np.arctanh(small), (64, 64), "bilinear"))
    inside = np.s_[:, 1:-1, 1:-1]
    assert np.arctanh(large)[inside] == pytest.approx(expected[inside], rel=1e-2, abs=1e-3)


def test_palette_weights_are_upscaled(tiny):
    changes = {"size": 32, "width": 12, "discriminator_width": 8, "palette": 3, "colors": "color"}
    small, large = map(generate_images, grow(tiny.model_copy(update=changes)))
    pair = [
        images - images.mean((1, 2), keepdims=True)
        for images in (small, np.asarray(ops.average_pool(large, 2, 2)))
    ]
    assert np.corrcoef(*map(np.ravel, pair))[0, 1] > 0.9


@pytest.fixture(scope="module")
def cartoons() -> np.ndarray:
    return draw_data_set("avatars", 96, seed=0, size=64)["images"]


def test_upscaling_training_reduces_the_error(tiny, cartoons, monkeypatch):
    monkeypatch.setattr(upscaling, "BATCH", 4)
    changes = {"size": 64, "width": 12, "blocks": 1, "colors": "color", "bilateral": 10.0, "steps": 60}
    settings = tiny.model_copy(update=changes)
    start = model.Gan(settings.model_copy(update={"size": 32, "width": 24, "discriminator_width": 8}))
    gan, reports = model.Gan(settings), []
    growth.copy_weights(start, gan, cartoons)
    network, target = growth._build_upscaler(gan.generator, settings), cartoons.astype("float32") / 127.5 - 1
    halved = ops.average_pool(target, 2, 2)
    before = np.abs(network.predict(halved, verbose=0) - target).mean()
    growth.train_upscaling(gan, cartoons, Progress(reports.append))
    assert np.abs(network.predict(halved, verbose=0) - target).mean() < 0.9 * before
    assert (reports[-1].step, reports[-1].total, reports[-1].text) == (60, 60, growth.UPSCALING_STAGE)
    with pytest.raises(Cancelled):
        growth.train_upscaling(gan, cartoons, Progress(cancelled=lambda: True))


def test_a_resumed_run_skips_upscaling_training(tiny, cartoons, tmp_path):
    settings = tiny.model_copy(update={"size": 64, "width": 6, "colors": "color", "steps": 1})
    start = model.Gan(settings.model_copy(update={"size": 32, "width": 12, "discriminator_width": 8}))
    run, reports = checkpoints.Run(tmp_path / "run"), []
    for _ in range(2):
        trainer = train.Trainer(cartoons, settings, run=run, start=start, progress=Progress(reports.append))
        trainer.step = 1
        trainer.save()
    assert [report.step for report in reports if report.text == growth.UPSCALING_STAGE] == [0, 1]


@pytest.mark.parametrize("other", [{}, RELATIVE])
def test_a_grown_discriminator_first_gives_the_same_logits(tiny, other):
    before, after = grow(tiny.model_copy(update={"size": 32, "width": 8, "discriminator_width": 8} | other))
    large = images(64, 1).astype("float32") / 127.5 - 1
    small = ops.average_pool(large, 2, 2)
    logits, says = (np.asarray(a.discriminator(b)) for a, b in ((before, small), (after, large)))
    assert np.ptp(logits) > 0.01 and says == pytest.approx(logits, abs=1e-3 * float(np.ptp(logits)))


def test_the_finest_layers_start_fresh_with_too_few_channels(tiny):
    """Four channels cannot hold the positive and negative parts of three colors; coarse layers are copied."""
    changes = {"size": 32, "width": 8, "discriminator_width": 8, "blocks": 1, "colors": "color"}
    small = tiny.model_copy(update=changes)
    large = small.model_copy(update={"size": 64, "width": 4, "discriminator_width": 4})
    before = model.Gan(small.model_copy(update={"seed": 5}))
    random_weights.assign(before.generator)
    trainer = train.Trainer(images(64, 3), large)
    fresh = {variable.path: np.array(variable) for variable in trainer.gan.variables}
    growth.copy_weights(before, trainer.gan, trainer.train_images)
    for layer in trainer.gan.generator.layers:
        for entry in layer.trainable_variables:
            again = np.array_equal(entry, fresh[entry.path])
            assert again == ("_3" in layer.name or layer.name == "image"), layer.name
    old, new = (
        [layer.kernel for layer in gan.discriminator.layers if hasattr(layer, "kernel")]
        for gan in (before, trainer.gan)
    )
    assert [np.array_equal(variable, fresh[variable.path]) for variable in new] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert all(np.array_equal(*pair) for pair in zip(old[-3:], new[-3:], strict=True))


@pytest.mark.parametrize("size, goes_on", [(32, False), (64, True)])
def test_a_vgg16_discriminator_is_copied_if_its_input_keeps_its_size(tiny, size, goes_on):
    """VGG16 gets 64 px of any larger image."""
    changes = {"size": size, "width": 8, "discriminator_width": 8, "vgg16_discriminator": 1.0, "seed": 5}
    small = tiny.model_copy(update=changes)
    large = small.model_copy(update={"size": 2 * size, "width": 4, "discriminator_width": 4, "seed": 6})
    before = model.Gan(small)
    trainer = train.Trainer(np.zeros((96, 2 * size, 2 * size, 1), "uint8"), large)
    growth.copy_weights(before, trainer.gan, trainer.train_images)
    pairs = zip(
        before.vgg16_discriminator.trainable_variables,
        trainer.gan.vgg16_discriminator.trainable_variables,
        strict=goes_on,
    )
    assert all(np.array_equal(*pair) for pair in pairs) == goes_on

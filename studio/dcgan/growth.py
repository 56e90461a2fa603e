"""How a DCGAN continues from another; one of twice the size draws the same images at first, enlarged.

Fresh fine layers would draw noise, and a discriminator with fresh fine layers would say nothing of use, until
both have learned again what the smaller model knew. So they begin by passing images on: one layer takes what
is above 0 and what is below apart, in channels of their own, and the next puts both together. Then the layers
that draw learn to enlarge well, from images of the data set and the same made smaller: were all blurred, a
discriminator would need no more to tell them, and a network draws dots against blur sooner than edges.

Reference:
    To grow by a layer is Karras et al. 2017, arXiv:1710.10196; to begin as the same function, Net2Net (Chen
    et al. 2015, arXiv:1511.05641).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.data import Part
from studio.core.generators.discriminator import LEAK
from studio.core.progress import Progress
from studio.core.training import optimizers
from studio.core.training.batches import Batches, evenly_spaced
from studio.dcgan import enlarging, model
from studio.dcgan.generator import grows
from studio.dcgan.settings import TrainDcganSettings
from studio.dcgan.written import widths

NEAR = np.array([0.25, 0.75, 0.75, 0.25])  # parts of a pixel in those twice as close: bilinear
MEAN = np.array([0, 0.5, 0.5, 0])  # parts of pixels in the mean of two
SAMPLE = 256  # images by which a normalization knows what it will meet
QUIET_BLOCK, QUIET = 1e-3, 0.05  # gains of a residual block, of other channels; at 0 they would never learn
RATE = 0.003  # of learning to enlarge
ENLARGING = "Training the upscaling"  # what a user is told meanwhile
GRAIN = 0.05  # in [-1, 1], put on the small images there: what a network draws has some, which must go
STRONGEST = 0.98  # of a color in [-1, 1], as what draws it says it before it is cut off


def begin(
    start: model.Gan, gan: model.Gan, images: np.ndarray | Part, progress: Progress | None = None
) -> None:
    """Gives a DCGAN what another has learned.

    Residual blocks, a palette and a discriminator of another loss begin again where the other has none. A
    VGG16-feature discriminator continues where it is shown images as large as before.

    Args:
        start: of the same shape, or of half the size and twice the widths.
        gan: the one that begins.
        images: `(n, size, size, C) uint8` that it will learn from.
        progress: told where what has grown learns to enlarge; None: it does not, as where a checkpoint will
            take the place of all that.

    Raises:
        ValueError: if a layer of both is of another shape.
        Cancelled: if a user stopped it.
    """
    grown = grows(start.settings, gan.settings)
    _copy(start.generator, gan.generator, grown)
    if grown:
        _enlarge(start.generator, gan.generator, gan.settings)
    if start.settings.loss == gan.settings.loss:
        if grown:
            _copy_coarse(start.discriminator, gan.discriminator)
            _reduce(start.discriminator, gan.discriminator, images)
        else:
            gan.discriminator.set_weights(start.discriminator.get_weights())
    if start.settings.adaptive_augmentation and gan.settings.adaptive_augmentation:
        gan.augment.set_weights(start.augment.get_weights())
    second, before = gan.vgg16_discriminator, start.vgg16_discriminator
    if second and before and second.input_shape == before.input_shape:
        second.set_weights(before.get_weights())
    if grown and progress:
        learn_to_enlarge(gan, images, progress)


def learn_to_enlarge(gan: model.Gan, images: np.ndarray | Part, progress: Progress) -> None:
    """Trains the finest layers of a network that has grown to draw sharp what they enlarge.

    They see no numbers there, only images of half the size; what is not passed on as these are is learned
    against the discriminators alone. See `enlarging.steps` for what does not.

    Args:
        gan: after `begin`.
        images: `(n, size, size, C) uint8`.
        progress: told of it.

    Raises:
        Cancelled: if a user stopped it.
    """
    settings, steps = gan.settings, enlarging.steps(gan.settings)
    if not steps:
        return
    progress.stage(ENLARGING)
    network = _enlarger(gan.generator, settings)
    network.compile(optimizers.adam(optimizers.schedule(RATE, steps, end=0.02)), "mae")
    batches = Batches(len(images), enlarging.BATCH, settings.seed)
    rng = np.random.default_rng([settings.seed, 10])
    for step in range(steps):
        wanted = np.asarray(images[batches.at(step)], "float32") / 127.5 - 1
        grain = GRAIN * rng.standard_normal((len(wanted), *network.input_shape[1:]))
        network.train_on_batch(ops.average_pool(wanted, 2, 2) + grain.astype("float32"), wanted)
        progress.report(step + 1, steps, text=ENLARGING)


def _enlarger(generator: keras.Model, settings: TrainDcganSettings) -> keras.Model:
    """The finest layers alone: images `(B, size / 2, size / 2, C)` in [-1, 1] -> `(B, size, size, C)`."""
    n, side, count = _finest(settings), settings.size // 2, settings.channels
    small = keras.Input((side, side, count))
    said = ops.arctanh(ops.clip(small, -STRONGEST, STRONGEST))
    others = ops.zeros_like(ops.repeat(small[..., :1], settings.width - 2 * count, -1))
    x = ops.concatenate([ops.relu(said), ops.relu(-said), others], -1)
    for block in range(settings.blocks):
        seen = generator.get_layer(f"refine_{n}_{block}")(x)
        x = x + ops.relu(generator.get_layer(f"norm_{n}_{block}")(seen))
    image = generator.get_layer("image")(x)
    if settings.bilateral:
        image = generator.get_layer("bilateral")(image)
    return keras.Model(small, image)


def _finest(settings: TrainDcganSettings) -> int:
    """The number of the largest maps, in names of layers."""
    return len(widths(settings)) - 1


def _copy(source: keras.Model, target: keras.Model, grown: bool) -> None:
    """Gives the layers of a network the weights of those of another that have the same names."""
    there = {layer.name: layer for layer in source.layers}
    again = grown or source.get_layer("image").filters != target.get_layer("image").filters
    for layer in target.layers:
        if layer.name in there and not (again and layer.name == "image"):
            layer.set_weights(there[layer.name].get_weights())


def _enlarge(source: keras.Model, target: keras.Model, settings: TrainDcganSettings) -> None:
    """Lets the finest layers draw what another network does, enlarged, where they have the channels."""
    last, image, n = source.get_layer("image"), target.get_layer("image"), _finest(settings)
    count = last.filters
    if image.filters != count or not enlarging.passes_on(settings):
        return
    kernel, bias = (_both(one, axis) for one, axis in zip(last.get_weights(), (2, 0), strict=True))
    grow = target.get_layer(f"grow_{n}")
    (fresh,) = grow.get_weights()
    fresh[:, :, : 2 * count] = kernel
    grow.set_weights([fresh])
    z = np.random.default_rng(settings.seed).standard_normal((SAMPLE, settings.latent_dim)).astype("float32")
    maps = keras.Model(source.input, last.input).predict(z, verbose=0)
    _pass_on(target.get_layer(f"norm_{n}"), ops.conv_transpose(maps, kernel, 2, "same"), bias)
    for layer in target.layers:
        if layer.name.startswith(f"asked_{n}"):
            layer.set_weights([np.zeros_like(one) for one in layer.get_weights()])
    for block in range(settings.blocks):
        gain = target.get_layer(f"norm_{n}_{block}").gamma
        gain.assign(np.full(gain.shape, QUIET_BLOCK))
    image.set_weights([_spread(NEAR, settings.width, count), np.zeros(count)])


def _reduce(source: keras.Model, target: keras.Model, images: np.ndarray | Part) -> None:
    """Lets the two finest layers of a discriminator see what another sees in images of half the size."""
    (old, *_), (first, second, *_) = (_all(one, keras.layers.Conv2D) for one in (source, target))
    kernel, bias = old.get_weights()
    count = kernel.shape[2]
    if 2 * count > first.filters:
        return
    fine, its_bias = first.get_weights()
    fine[..., : 2 * count] = _spread(MEAN, 2 * count, count)
    its_bias[: 2 * count] = 0
    first.set_weights([fine, its_bias])
    coarse, *its_bias = second.get_weights()
    coarse[:] = 0
    # What passes a leaky cut-off, less what passes it turned around, is so many times what it was.
    coarse[:, :, : 2 * count] = _both(kernel, 2) / (1 + LEAK)
    second.set_weights([coarse, bias] if its_bias else [coarse])
    for norm in _all(target, keras.layers.BatchNormalization)[:1]:
        some = images[evenly_spaced(np.arange(len(images)), SAMPLE)]
        seen = np.asarray(some, "float32") / 127.5 - 1
        _pass_on(norm, ops.conv(ops.average_pool(seen, 2, 2), kernel, 2, "same"), bias)


def _all(network: keras.Model, kind: type) -> list:
    return [layer for layer in network.layers if isinstance(layer, kind)]


def _both(array: np.ndarray, axis: int) -> np.ndarray:
    """An array, and along an axis the same turned around."""
    return np.concatenate([array, -array], axis)


def _spread(parts: np.ndarray, channels: int, count: int) -> np.ndarray:
    """A kernel `(4, 4, count, channels)`: each of the first channels is one of `count`, by the parts of a
    pixel along each axis, each of as many after them is one turned around, and the others are nothing."""
    shares = np.zeros((count, channels))
    shares[:, : 2 * count] = _both(np.eye(count), 1)
    return np.multiply.outer(np.outer(parts, parts), shares)


def _pass_on(norm: keras.layers.BatchNormalization, maps: Any, bias: np.ndarray) -> None:
    """Lets the first channels of a normalization pass maps `(B, h, w, C)` on as they are, with a bias, and
    little of any others."""
    mean, variance = (np.asarray(one) for one in ops.moments(maps, (0, 1, 2)))
    arrays = norm.get_weights()
    arrays[0][:] = QUIET
    given = np.sqrt(variance + norm.epsilon), mean + bias, mean, variance
    for array, one in zip(arrays, given, strict=True):
        array[: len(one)] = one
    norm.set_weights(arrays)


def _copy_coarse(source: keras.Model, target: keras.Model) -> None:
    """Gives the coarser layers of a discriminator the weights of another, from the last one on."""
    weighted = [
        [layer for layer in discriminator.layers if layer.weights] for discriminator in (source, target)
    ]
    for old, layer in zip(*map(reversed, weighted), strict=False):
        if [one.shape for one in old.weights] != [one.shape for one in layer.weights]:
            return
        layer.set_weights(old.get_weights())

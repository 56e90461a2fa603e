"""Starts a DCGAN from another; one of twice the size first generates the same images, upscaled.

Fresh fine layers would generate noise, and a discriminator with fresh fine layers would give no useful
gradient until both have relearned what the smaller model knew. So they start as the identity: one layer
splits values into positive and negative parts, in separate channels, and the next one joins them. Then the
finest layers of the generator are trained to upscale, on images of the data set and reduced copies. Without
that, images would be blurred, which a discriminator detects at once, and a generator answers blur with dots
sooner than with edges.

Reference:
    Growing by a layer: Karras et al. 2017, arXiv:1710.10196. Starting as the same function: Net2Net (Chen
    et al. 2015, arXiv:1511.05641).
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.data import ImageSubset
from studio.core.generators.discriminator import LEAK
from studio.core.generators.latent_sampler import LatentSampler
from studio.core.progress import Progress
from studio.core.training import optimizers
from studio.core.training.batches import Batches, select_evenly_spaced
from studio.dcgan import model, upscaling
from studio.dcgan.generator import grows
from studio.dcgan.settings import TrainDcganSettings
from studio.dcgan.shapes import list_widths

BILINEAR = np.array([0.25, 0.75, 0.75, 0.25])  # weights of bilinear upscaling by 2, per axis
PAIR_MEAN = np.array([0, 0.5, 0.5, 0])  # weights of the mean of two pixels, per axis
STATISTICS_IMAGES = 256  # images for the initial statistics of a batch normalization
# Gains of a residual block and of unused channels; at 0 they would never learn.
RESIDUAL_GAIN, UNUSED_GAIN = 1e-3, 0.05
UPSCALING_RATE = 0.003  # learning rate
UPSCALING_STAGE = "Training the upscaling"  # shown as progress
UPSCALING_NOISE = 0.05  # on the reduced images, in [-1, 1]: grain of generated images must not be upscaled
MAX_INTENSITY = 0.98  # largest intensity in [-1, 1] before the inverse of tanh, which has no value at 1


def copy_weights(
    start: model.Gan, gan: model.Gan, images: np.ndarray | ImageSubset, progress: Progress | None = None
) -> None:
    """Copies the weights of a trained DCGAN into a new one.

    Residual blocks, a palette or a discriminator that the start model lacks, or has for another loss, start
    fresh. A VGG16-feature discriminator continues if its images keep their size.

    Args:
        start: the trained model, of the same shape, or of half the size and twice the widths.
        gan: the new model.
        images: training images, `(n, size, size, C) uint8`.
        progress: receives reports of upscaling training; None skips that, as before a checkpoint is loaded.

    Raises:
        ValueError: if a layer has another shape in each model.
        Cancelled: if the user stopped it.
    """
    grown = grows(start.settings, gan.settings)
    _copy_generator(start.generator, gan.generator, grown)
    if grown:
        _initialize_upscaling(start.generator, gan.generator, gan.settings, gan.class_count)
    if start.settings.loss == gan.settings.loss:
        if grown:
            _copy_coarse_layers(start.discriminator, gan.discriminator)
            _initialize_downscaling(start.discriminator, gan.discriminator, images)
        else:
            gan.discriminator.set_weights(start.discriminator.get_weights())
    if start.settings.adaptive_augmentation and gan.settings.adaptive_augmentation:
        gan.augment.set_weights(start.augment.get_weights())
    source, target = start.vgg16_discriminator, gan.vgg16_discriminator
    if source and target and source.input_shape == target.input_shape:
        target.set_weights(source.get_weights())
    if grown and progress:
        train_upscaling(gan, images, progress)


def train_upscaling(gan: model.Gan, images: np.ndarray | ImageSubset, progress: Progress) -> None:
    """Trains the finest layers of a grown generator to upscale sharply.

    Their input are images of half the size, without a latent vector; self-modulation is trained only later,
    against the discriminators. `upscaling.count_upscaling_steps` says which models skip this.

    Args:
        gan: the grown model, after its weights were copied.
        images: training images, `(n, size, size, C) uint8`.
        progress: receives a report of each step.

    Raises:
        Cancelled: if the user stopped it.
    """
    settings, steps = gan.settings, upscaling.count_upscaling_steps(gan.settings)
    if not steps:
        return
    progress.report_stage(UPSCALING_STAGE)
    upscaler = _build_upscaler(gan.generator, settings)
    upscaler.compile(optimizers.adam(optimizers.make_schedule(UPSCALING_RATE, steps, end=0.02)), "mae")
    batches = Batches(len(images), upscaling.BATCH, settings.seed)
    rng = np.random.default_rng([settings.seed, 10])
    for step in range(steps):
        targets = np.asarray(images[batches.select_rows(step)], "float32") / 127.5 - 1
        noise = UPSCALING_NOISE * rng.standard_normal((len(targets), *upscaler.input_shape[1:]))
        upscaler.train_on_batch(ops.average_pool(targets, 2, 2) + noise.astype("float32"), targets)
        progress.report(step + 1, steps, text=UPSCALING_STAGE)


def _build_upscaler(generator: keras.Model, settings: TrainDcganSettings) -> keras.Model:
    """Builds a model of the finest layers: `(B, size / 2, size / 2, C)` -> `(B, size, size, C)`."""
    n, side, channels = _finest_index(settings), settings.size // 2, settings.channels
    small = keras.Input((side, side, channels))
    preactivation = ops.arctanh(ops.clip(small, -MAX_INTENSITY, MAX_INTENSITY))
    unused = ops.zeros_like(ops.repeat(small[..., :1], settings.width - 2 * channels, -1))
    x = ops.concatenate([ops.relu(preactivation), ops.relu(-preactivation), unused], -1)
    for block in range(settings.blocks):
        residual = generator.get_layer(f"refine_{n}_{block}")(x)
        x = x + ops.relu(generator.get_layer(f"norm_{n}_{block}")(residual))
    image = generator.get_layer("image")(x)
    if settings.bilateral:
        image = generator.get_layer("bilateral")(image)
    return keras.Model(small, image)


def _finest_index(settings: TrainDcganSettings) -> int:
    """Returns the index of the finest resolution in layer names."""
    return len(list_widths(settings)) - 1


def _copy_generator(source: keras.Model, target: keras.Model, grown: bool) -> None:
    """Copies weights between a generator's layers of the same name.

    Copies the image layer only if it keeps its shape and the image its size.
    """
    source_layers = {layer.name: layer for layer in source.layers}
    is_new_image_layer = grown or source.get_layer("image").filters != target.get_layer("image").filters
    for layer in target.layers:
        if layer.name in source_layers and not (is_new_image_layer and layer.name == "image"):
            layer.set_weights(source_layers[layer.name].get_weights())


def _initialize_upscaling(
    source: keras.Model, target: keras.Model, settings: TrainDcganSettings, class_count: int
) -> None:
    """Sets the finest layers to upscale the images of `source`, if they have enough channels."""
    source_image, image, n = source.get_layer("image"), target.get_layer("image"), _finest_index(settings)
    channels = source_image.filters
    if image.filters != channels or not upscaling.has_enough_channels(settings):
        return
    image_kernel, image_bias = source_image.get_weights()
    kernel, bias = _append_negative(image_kernel, 2), _append_negative(image_bias, 0)
    grow = target.get_layer(f"grow_{n}")
    (grow_kernel,) = grow.get_weights()
    grow_kernel[:, :, : 2 * channels] = kernel
    grow.set_weights([grow_kernel])
    rng = np.random.default_rng(settings.seed)
    z = LatentSampler(settings.latent_dim, class_count).sample(rng, STATISTICS_IMAGES)
    maps = keras.Model(source.input, source_image.input).predict(z, verbose=0)
    _initialize_batch_norm(target.get_layer(f"norm_{n}"), ops.conv_transpose(maps, kernel, 2, "same"), bias)
    for layer in target.layers:
        if layer.name.startswith(f"modulation_{n}"):
            layer.set_weights([np.zeros_like(array) for array in layer.get_weights()])
    for block in range(settings.blocks):
        gain = target.get_layer(f"norm_{n}_{block}").gamma
        gain.assign(np.full(gain.shape, RESIDUAL_GAIN))
    image.set_weights([_make_resampling_kernel(BILINEAR, settings.width, channels), np.zeros(channels)])


def _initialize_downscaling(
    source: keras.Model, target: keras.Model, images: np.ndarray | ImageSubset
) -> None:
    """Sets a discriminator's two finest layers to the first layer of `source` on images of half the size."""
    (source_conv, *_), (first, second, *_) = (
        _list_layers(network, keras.layers.Conv2D) for network in (source, target)
    )
    kernel, bias = source_conv.get_weights()
    channels = kernel.shape[2]
    if 2 * channels > first.filters:
        return
    first_kernel, first_bias = first.get_weights()
    first_kernel[..., : 2 * channels] = _make_resampling_kernel(PAIR_MEAN, 2 * channels, channels)
    first_bias[: 2 * channels] = 0
    first.set_weights([first_kernel, first_bias])
    second_kernel, *second_bias = second.get_weights()
    second_kernel[:] = 0
    # Leaky ReLU: f(x) - f(-x) is (1 + LEAK) x.
    second_kernel[:, :, : 2 * channels] = _append_negative(kernel, 2) / (1 + LEAK)
    second.set_weights([second_kernel, bias] if second_bias else [second_kernel])
    for norm in _list_layers(target, keras.layers.BatchNormalization)[:1]:
        sample = images[select_evenly_spaced(np.arange(len(images)), STATISTICS_IMAGES)]
        scaled = np.asarray(sample, "float32") / 127.5 - 1
        _initialize_batch_norm(norm, ops.conv(ops.average_pool(scaled, 2, 2), kernel, 2, "same"), bias)


def _list_layers(network: keras.Model, layer_type: type) -> list:
    return [layer for layer in network.layers if isinstance(layer, layer_type)]


def _append_negative(array: np.ndarray, axis: int) -> np.ndarray:
    """Concatenates an array and its negative along an axis."""
    return np.concatenate([array, -array], axis)


def _make_resampling_kernel(axis_weights: np.ndarray, outputs: int, channels: int) -> np.ndarray:
    """Returns a kernel `(4, 4, channels, outputs)` that resamples each channel.

    The first outputs are the resampled channels, the next ones their negatives, and the others are 0.

    Args:
        axis_weights: weights along each axis, `(4,)`.
        outputs: number of output channels, at least `2 * channels`.
        channels: number of input channels.
    """
    channel_weights = np.zeros((channels, outputs))
    channel_weights[:, : 2 * channels] = _append_negative(np.eye(channels), 1)
    return np.multiply.outer(np.outer(axis_weights, axis_weights), channel_weights)


def _initialize_batch_norm(norm: keras.layers.BatchNormalization, maps: Any, bias: np.ndarray) -> None:
    """Sets a batch normalization so that its first channels add only a bias and the others are damped.

    Args:
        norm: the layer to set.
        maps: inputs of its first channels, `(B, h, w, C)`.
        bias: the bias of these channels, `(C,)`.
    """
    mean, variance = (np.asarray(moment) for moment in ops.moments(maps, (0, 1, 2)))
    arrays = norm.get_weights()
    arrays[0][:] = UNUSED_GAIN
    identity_plus_bias = np.sqrt(variance + norm.epsilon), mean + bias, mean, variance
    for array, values in zip(arrays, identity_plus_bias, strict=True):
        array[: len(values)] = values
    norm.set_weights(arrays)


def _copy_coarse_layers(source: keras.Model, target: keras.Model) -> None:
    """Copies a discriminator's weights from the last layer backward, until shapes differ."""
    layer_lists = [
        [layer for layer in discriminator.layers if layer.weights] for discriminator in (source, target)
    ]
    for source_layer, layer in zip(*map(reversed, layer_lists), strict=False):
        if [weight.shape for weight in source_layer.weights] != [weight.shape for weight in layer.weights]:
            return
        layer.set_weights(source_layer.get_weights())

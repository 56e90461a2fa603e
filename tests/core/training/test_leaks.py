"""Training, style transfer and DeepDream leave no graph in the process."""

from __future__ import annotations

import gc

import keras
import numpy as np
import pytest
import tiny_dcgan

from studio.core.objectives import gradients

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="graphs are TensorFlow's")


def count_graphs() -> int:
    """Returns the number of live TensorFlow function graphs."""
    from tensorflow.python.framework.func_graph import FuncGraph

    keras.backend.clear_session()
    gc.collect()
    return sum(isinstance(value, FuncGraph) for value in gc.get_objects())


def list_registered_gradients() -> set[str]:
    """Returns the names of all gradients that TensorFlow keeps until the process ends."""
    from tensorflow.python.framework import ops

    return set(ops.gradient_registry.list())


def train_dcgan() -> None:
    from studio.dcgan.settings import TrainDcganSettings

    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28, 1)).astype("uint8")
    tiny_dcgan.fit(images, TrainDcganSettings(**tiny_dcgan.SHORT))


def train_vae() -> None:
    from studio.vae import train
    from studio.vae.settings import TrainVaeSettings

    images = np.random.default_rng(0).integers(0, 256, (32, 28, 28, 1)).astype("uint8")
    sizes = {"steps": 2, "width": 4, "size": 28, "batch": 8, "latent_dim": 4, "colors": "gray", "scored": 0}
    train.Trainer(images, np.arange(24), np.arange(24, 32), TrainVaeSettings(**sizes)).fit()


def train_text() -> None:
    from studio.text import train
    from studio.text.settings import TrainTextSettings

    sizes = {"units": 8, "layers": 1, "embedding": 4, "streams": 2, "sequence": 8, "epochs": 1}
    train.train("the quick brown fox jumps over the lazy dog. " * 8, TrainTextSettings(**sizes))


def transfer_style() -> None:
    from studio.core.imaging import paintings, sample_photos
    from studio.style.settings import TransferSettings
    from studio.style.transfer import transfer

    settings = TransferSettings(size=64, mode="fine", steps=2)
    transfer(sample_photos.read_photo("chelsea"), [paintings.read_painting("brush_strokes")], settings)


def dream() -> None:
    from studio.core.imaging import sample_photos
    from studio.dream.ascend import ascend
    from studio.dream.settings import DreamSettings

    settings = DreamSettings(size=64, steps=2, octaves=1, layers=("block4_conv3",))
    ascend(sample_photos.read_photo("chelsea"), settings)


def draw_channel() -> None:
    from studio.dream.channels import leaky_relu

    values = keras.ops.convert_to_tensor(np.linspace(-1, 1, 12, dtype="float32").reshape(1, 2, 2, 3))
    sums = gradients.value_and_grad(lambda x: (keras.ops.sum(leaky_relu.leaky_relu(x)), ()))
    slope = gradients.compile_function(sums)(values)[2]
    assert np.allclose(slope, np.where(values > 0, 1.0, leaky_relu.LEAK))


@pytest.mark.slow
@pytest.mark.parametrize("run", [train_dcgan, train_vae, train_text, transfer_style, dream, draw_channel])
def test_a_repeated_run_leaves_no_tensorflow_graph(weights_home, run):
    # A run that leaks keeps one graph or more. The first fills caches of the process, such as backbones.
    run()
    alive, names = count_graphs(), list_registered_gradients()
    run()
    assert count_graphs() <= alive
    assert list_registered_gradients() == names

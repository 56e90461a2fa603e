"""The U-Net and its loss in Keras: batch sizes, and precision."""

from __future__ import annotations

import numpy as np
from keras import ops

from studio.core.training.loss_model import JIT_COMPILE
from studio.core.training.precision import use_precision
from studio.diffusion import unet
from studio.diffusion.model import FlowLoss, Unet


def test_batches_of_a_test_may_have_several_sizes(images, labels, tiny):
    tester = FlowLoss(tiny, 2)
    tester.compile(jit_compile=JIT_COMPILE)
    for count in (5, 3):
        batch = {"images": images[:count], "labels": labels[:count].astype("int32")}
        assert tester.test_on_batch(batch, return_dict=True)["loss"] > 0


def test_bfloat16_does_not_round_the_times(tiny, monkeypatch):
    dtypes, compute = [], unet.compute_time_features

    def compute_time_features(t, xp):
        dtypes.append(ops.dtype(t))
        return compute(t, xp)

    monkeypatch.setattr(unet, "compute_time_features", compute_time_features)
    with use_precision("bfloat16"):
        model = Unet(tiny, 2)
    times, no_labels = np.array([0.7, 0.701], "float32"), np.full(2, 2)
    velocity = model({"images": np.zeros((2, *tiny.shape), "float32"), "times": times, "labels": no_labels})
    assert dtypes == ["float32"] and ops.dtype(velocity) == "bfloat16"

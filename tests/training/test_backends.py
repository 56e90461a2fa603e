"""Each training script takes a few steps on both backends, and saves a complete model.

Other files train text, a DCGAN and a diffusion model on TensorFlow (test_scripts.py, test_killed.py,
tests/diffusion), and text and a VAE on JAX (test_parallel.py).
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys

import drawn_classes
import numpy as np
import pytest

from studio.core.models import presets
from studio.style.house import paint
from training.drawings.data_sets import draw_data_set

FEW = ["--steps", "2"]
NARROW = [*FEW, "--width", "4", "--discriminator-width", "4"]
ADVERSARIAL = [*NARROW, "--size", "32", "--batch", "2"]
PENALIZED = ["--loss", "relativistic", "--gradient-penalty", "1", "--adaptive-augmentation"]
STYLE = [
    *FEW,
    "--style",
    "sample:mosaic",
    "--size",
    "64",
    "--photo-size",
    "72",
    "--width",
    "8",
    "--blocks",
    "1",
]
WORDS = {
    "classifier": [
        "images",
        "--backbone",
        "vgg16",
        "--size",
        "32",
        "--finetune",
        "--epochs",
        "1",
        "--strength",
        "1",
    ],
    "colorize": ["images", *FEW, "--photo-size", "48", "--window", "32", "--batch", "2", "--width", "4"],
    "dcgan": ["images", *NARROW, "--size", "28", "--latent-dim", "4", "--scored", "0", *PENALIZED],
    "diffusion": ["images", *FEW, "--size", "28", "--width", "16", "--batch", "4", "--scored", "0"],
    "enhance": [
        "photos.npz",
        *FEW,
        "--photo-size",
        "128",
        "--window",
        "16",
        "--width",
        "8",
        "--batch",
        "1",
    ],
    "sketch": ["sample:sketches", *ADVERSARIAL, "--scored", "0"],
    "style": ["images", *STYLE, "--batch", "1"],
    "translate": ["images", "--edges", *ADVERSARIAL],
    "vae": ["images", *FEW, "--size", "28", "--width", "4", "--latent-dim", "4", "--scored", "0"],
}
ON_TENSORFLOW = sorted(set(WORDS) - {"dcgan", "diffusion"})
ON_JAX = sorted(set(WORDS) - {"vae"})


@pytest.fixture
def train(weights_home, tmp_path):
    """Trains with a script on a backend: `(script, backend)` -> folder of the model and its metrics."""
    drawn_classes.make(tmp_path / "images", each=24)
    np.savez(tmp_path / "photos.npz", images=draw_data_set("avatars", 24, seed=0, size=128)["images"])

    def train_by_script(script, backend):
        if backend == "jax":
            pytest.importorskip("jax", reason="needs JAX: pip install -e '.[jax]'")
        command = [sys.executable, "-m", f"training.train_{script}", *WORDS[script], "-o", "model", "--json"]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "KERAS_BACKEND": backend,
            "JAX_PLATFORMS": "cpu",
        }
        completed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert completed.returncode == 0, completed.stderr
        return tmp_path / "model", json.loads(completed.stdout)["figures"]

    return train_by_script


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend, script",
    [*(("tensorflow", script) for script in ON_TENSORFLOW), *(("jax", script) for script in ON_JAX)],
)
def test_a_script_trains_a_complete_model(train, script, backend):
    folder, figures = train(script, backend)
    assert not figures.get("ended"), "trained to the end"
    assert figures["steps"] == (1 if script == "classifier" else 2)
    assert all(math.isfinite(value) for value in figures.values() if isinstance(value, float))
    if script == "style":  # trained on either backend, it runs on this one
        photo = np.random.default_rng(0).random((1, 64, 64, 3), "float32")
        painted = paint.load_network(presets.find(folder)).paint(photo, [0], [1.0])
        assert painted.shape == photo.shape and np.ptp(painted) > 0.01

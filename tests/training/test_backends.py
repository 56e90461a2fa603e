"""Each training script takes a few steps on both backends, and saves a complete model.

All scripts run on JAX in one process, because importing it takes longer than the steps; those on TensorFlow
run in the process of the tests.

Other files train text, a DCGAN and a diffusion model on TensorFlow (test_scripts.py, test_killed.py,
tests/diffusion), and text and a VAE on JAX (test_parallel.py).
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import math
import os
import runpy
import subprocess
import sys
from pathlib import Path

import drawn_classes
import eager_mode
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
    "restore": ["images", *FEW, "--photo-size", "48", "--window", "32", "--batch", "2", "--width", "4"],
    "sketch": ["sample:sketches", *ADVERSARIAL, "--scored", "0"],
    "style": ["images", *STYLE, "--batch", "1"],
    "translate": ["images", "--edges", *ADVERSARIAL],
    "vae": ["images", *FEW, "--size", "28", "--width", "4", "--latent-dim", "4", "--scored", "0"],
}
# On JAX, compiling takes half a minute for each. The others share their training loop with these, or with the
# VAE and text of test_parallel.py.
SCRIPTS = {
    "tensorflow": sorted(set(WORDS) - {"dcgan", "diffusion"}),
    "jax": ["classifier", "dcgan", "style"],
}


# Runs each script as `python -m training.SCRIPT` does, and continues after one that fails.
PROGRAM = """
import json, runpy, sys

for script, words in json.loads(sys.argv[1]).items():
    sys.argv[1:] = words
    try:
        runpy.run_module(f"training.train_{script}", run_name="__main__")
    except SystemExit as end:
        print(script, "exits with", end.code, file=sys.stderr)
"""


def run_on_jax(commands: dict[str, list[str]], place: Path) -> tuple[str, str]:
    """Runs scripts in another process; returns its output and errors."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
    }
    words = [sys.executable, "-c", PROGRAM, json.dumps(commands)]
    completed = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True)
    return completed.stdout, completed.stderr


def run_here(commands: dict[str, list[str]], place: Path) -> tuple[str, str]:
    """Runs scripts in this process, without tracing; returns their output and errors."""
    output, errors = io.StringIO(), io.StringIO()
    with (
        eager_mode.run_eagerly(),
        contextlib.chdir(place),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
        pytest.MonkeyPatch.context() as patch,
    ):
        for script, words in commands.items():
            patch.setattr(sys, "argv", [script, *words])
            with contextlib.suppress(SystemExit):  # its report says whether it succeeded
                runpy.run_module(f"training.train_{script}", run_name="__main__")
    return output.getvalue(), errors.getvalue()


RUN = {"tensorflow": run_here, "jax": run_on_jax}


@pytest.fixture(scope="module")
def train_all(lasting_weights_home, tmp_path_factory):
    """Trains with all scripts of a backend: `backend -> ({script: (model folder, figures)}, stderr)`."""
    place = tmp_path_factory.mktemp("scripts")
    drawn_classes.make(place / "images", each=24)
    np.savez(place / "photos.npz", images=draw_data_set("avatars", 24, seed=0, size=128)["images"])

    @functools.cache
    def train_once(backend: str) -> tuple[dict[str, tuple[Path, dict]], str]:
        if backend == "jax":
            pytest.importorskip("jax", reason="needs JAX: pip install -e '.[jax]'")
        (place / backend).mkdir()
        commands = {name: [*WORDS[name], "-o", f"{backend}/{name}", "--json"] for name in SCRIPTS[backend]}
        with lasting_weights_home():
            output, errors = RUN[backend](commands, place)
        reports = [json.loads(line) for line in output.splitlines()]
        models = {
            Path(report["path"]).name: (place / report["path"], report["figures"]) for report in reports
        }
        return models, errors

    return train_once


@pytest.mark.slow
@pytest.mark.parametrize(
    "backend, script", [(backend, script) for backend, scripts in SCRIPTS.items() for script in scripts]
)
def test_a_script_trains_a_complete_model(train_all, script, backend):
    models, stderr = train_all(backend)
    assert script in models, stderr
    folder, figures = models[script]
    assert not figures.get("ended"), "trained to the end"
    assert figures["steps"] == (1 if script == "classifier" else 2)
    assert all(math.isfinite(value) for value in figures.values() if isinstance(value, float))
    if script == "style":  # trained on either backend, it runs on this one
        photo = np.random.default_rng(0).random((1, 64, 64, 3), "float32")
        painted = paint.load_network(presets.find(folder)).paint(photo, [0], [1.0])
        assert painted.shape == photo.shape and np.ptp(painted) > 0.01

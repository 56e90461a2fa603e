"""The notebook in plain Keras runs on real digits, and its models learn."""

from __future__ import annotations

import json
import re
import runpy

import numpy as np
import pytest

from .documents import DOCS, README

NOTEBOOK = DOCS / "notebooks" / "keras.ipynb"
SMALL = {"IMAGES": 512, "GAN_EPOCHS": 1, "VAE_EPOCHS": 8, "HEAD_EPOCHS": 20, "LABELS": 300}
TEST_IMAGES = 500  # digits to evaluate on
MIN_ACCURACY = 0.4  # chance is 0.1


def read_code() -> str:
    """Returns the code of all cells in order."""
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def shrink(code: str) -> str:
    """Returns the code with small numbers of images and epochs."""
    for name, value in SMALL.items():
        code, count = re.subn(rf"^{name} = [\d_]+", f"{name} = {value}", code, flags=re.MULTILINE)
        assert count == 1, name
    return code


def test_the_notebook_is_plain_keras_without_outputs():
    notebook = json.loads(NOTEBOOK.read_text("utf-8"))
    assert notebook["nbformat"] == 4
    assert all(not cell.get("outputs") for cell in notebook["cells"])
    imports = set(re.findall(r"^(?:import|from) (\w+)", read_code(), re.MULTILINE))
    assert imports == {"keras", "matplotlib", "numpy"}
    assert NOTEBOOK.name in README.read_text("utf-8")


@pytest.mark.slow  # trains three networks
def test_the_models_of_the_notebook_learn(data_dir, monkeypatch, tmp_path):
    import keras
    import matplotlib.pyplot as plt

    with np.load(data_dir / "mnist.npz") as file:
        digits = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    monkeypatch.setattr(
        keras.datasets.mnist,
        "load_data",
        lambda: (
            (digits["x_train"], digits["y_train"]),
            (digits["x_test"][:TEST_IMAGES], digits["y_test"][:TEST_IMAGES]),
        ),
    )
    titles = []
    monkeypatch.setattr(plt, "show", lambda: titles.append(plt.gca().get_title()))
    program = tmp_path / "notebook.py"
    program.write_text(shrink(read_code()))
    names = runpy.run_path(str(program))
    plt.close("all")

    assert len(titles) == 6
    losses = names["vae"].history.history
    assert losses["loss"][-1] < losses["loss"][0] - 50
    assert names["accuracy"] > MIN_ACCURACY
    images = keras.ops.convert_to_numpy(names["generator"](names["latents"], training=False))
    assert images.shape == (16, 28, 28, 1) and images.min() >= 0 and images.max() <= 1
    gan = names["gan"].history.history
    assert all(np.isfinite(gan[name]).all() for name in ("d_loss", "g_loss"))

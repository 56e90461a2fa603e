"""A small language model with random weights, made without Keras."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from studio.core import paths, recipes
from studio.core.models import model_folder
from studio.text import language_model
from studio.text.networks import layout
from studio.text.settings import TrainTextSettings

LETTERS = "\n .abcdefghijklmnopqrstuvwxyz"
SETTINGS = TrainTextSettings(units=16, embedding=4)
TRANSFORMER = TrainTextSettings(architecture="transformer", units=16, layers=2, heads=2, sequence=32)
FIGURES = {
    "nats_per_char": 1.5,
    "bits_per_char": 2.164,
    "held_out_chars": 800,
    "validation_nats": 1.4,
    "train_nats": 1.2,
    "seconds": 12.0,
    "steps": 40,
    "epochs": 2.0,
    "chars": 8000,
    "alphabet": len(LETTERS),
    "parameters": 3000,
    "ended": "cancelled",
    "notes": ["The text is short: the batch size is 4, not 64."],
}


def make(folder: Path, seed: int = 0, settings: TrainTextSettings = SETTINGS) -> Path:
    """Writes the four files of a model folder."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    with h5py.File(folder / model_folder.WEIGHTS, "w") as file:
        for name, shape in layout(settings, len(LETTERS)):
            file.create_dataset(name, data=rng.normal(size=shape).astype("float32"))
    record = {
        "task": language_model.TASK,
        "settings": settings.model_dump(mode="json"),
        "weights": paths.file_digest(folder / model_folder.WEIGHTS),
        "data": {"vocabulary": LETTERS, "trained_on": "tiny_text.txt", "figures": FIGURES},
    }
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    (folder / model_folder.CARD).write_text("# Language model of tiny_text.txt\n")
    recipe = recipes.Recipe(task=language_model.TASK, settings=settings.model_dump(mode="json"))
    (folder / model_folder.RECIPE).write_text(recipe.to_json())
    return folder

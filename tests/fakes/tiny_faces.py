"""A small generator without Keras: smooth color blobs that follow the latent vector."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np

from studio.core import paths, recipes, tasks
from studio.core.generators import latent
from studio.core.generators.latent import Direction, Generator
from studio.core.models import model_folder
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.settings import Settings, setting
from studio.core.tasks import File, Inputs, Result, Slot, Task

TASK = "tiny.train"
DIM, SIDE = 6, 16


class TinySettings(Settings):
    """Settings of a training run that does not exist."""

    reads: bool = setting(False, "Whether it reads images, too.")


TRAIN = Task(
    name=TASK,
    settings=TinySettings,
    inputs=(Slot("data", "dataset"),),
    produces="model",
    lane="job",
    work="",
    title="Tiny training",
    command="",
    help="a training run of the tests",
    load_generator="tiny_faces:open_preset",
    evaluate="studio.faces.score:measure_scores",
    encodes=True,
)


def say_hello(settings: TinySettings, inputs: Inputs, progress: Progress) -> Result:
    """Does nothing; a process that runs it knows the training task afterwards."""
    return Result((File.store(b"hello", "text", "hello.txt"),))


HELLO = Task(
    name="tiny.hello",
    settings=TinySettings,
    inputs=(),
    produces="text",
    lane="live",
    interactive=True,
    work="tiny_faces:say_hello",
    title="Hello",
    command="",
    help="a greeting of the tests",
)
tasks.TASKS |= {TASK: "tiny_faces:TRAIN", HELLO.name: "tiny_faces:HELLO"}


def make_generator(reads: bool = True, **fields) -> Generator:
    """Returns a generator of SIDE px: each latent is a wave of one color, so encoding is nearly exact."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] * np.pi / SIDE
    waves = np.stack([np.cos((n // 3 + 1) * (rows, columns)[n % 2]) for n in range(DIM)])

    def decode(z: np.ndarray) -> np.ndarray:
        bands = np.einsum("nd,dhw,dc->nhwc", z, waves, np.eye(3)[np.arange(DIM) % 3])
        return np.rint(127.5 + 24 * bands).clip(0, 255).astype("uint8")

    def encode(images: np.ndarray, progress: Progress) -> np.ndarray:
        bands = (images - 127.5) / 24
        return np.stack(
            [np.mean(bands[..., n % 3] * wave, (1, 2)) / np.mean(wave**2) for n, wave in enumerate(waves)], -1
        ).astype("float32")

    return Generator("tiny", "0" * 64, DIM, SIDE, decode, encode=encode if reads else None, **fields)


def make_directions() -> dict[str, Direction]:
    """Returns two latent directions."""
    axes = np.eye(DIM, dtype="float32")
    return {"older": Direction(axes[0], "as labeled"), "direction-1": Direction(axes[1], "40%")}


def open_preset(preset: Preset) -> Generator:
    """Opens a model; the `load_generator` of the task in the tests."""
    saved_directions, density = latent.read(preset.read_data(), DIM)
    model = make_generator(preset.read_settings().reads, directions=saved_directions, density=density)
    return Generator(
        preset.name, preset.digest, DIM, SIDE, model.decode, saved_directions, density, encode=model.encode
    )


def make(folder: Path, reads: bool = True, seed: int = 0) -> Path:
    """Writes the four files of a model folder."""
    folder.mkdir(parents=True)
    with h5py.File(folder / model_folder.WEIGHTS, "w") as file:
        file.create_dataset("seed", data=np.array([seed, reads]))
    record = {
        "task": TASK,
        "settings": {"reads": reads},
        "weights": paths.file_digest(folder / model_folder.WEIGHTS),
        "data": {
            "trained_on": "waves",
            "directions": {name: direction.to_json() for name, direction in make_directions().items()},
            "density": None,
            "figures": {},
        },
    }
    (folder / model_folder.SETTINGS).write_text(json.dumps(record))
    (folder / model_folder.CARD).write_text("# Draws waves\n\nLicense: CC0-1.0\n")
    recipe = recipes.Recipe(task=TASK, settings={"reads": reads})
    (folder / model_folder.RECIPE).write_text(recipe.to_json())
    return folder

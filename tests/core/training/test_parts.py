"""No training run on images trains on a test image or on a copy of one."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from PIL import Image

from studio.core import data, tasks
from studio.core.data import split
from studio.core.imaging.image_io import resize
from studio.core.progress import Progress

pytestmark = pytest.mark.usefixtures("home")
SIDE = 128
SETTINGS = {
    "vae.train": ("studio.vae.task", {"size": 32}),
    "dcgan.train": ("studio.dcgan.task", {"size": 32}),
    "diffusion.train": ("studio.diffusion.task", {"size": 32}),
    "enhance.train": ("studio.enhance.learn.task", {"photo_size": SIDE, "window": 12}),
    "colorize.train": ("studio.colorize.learn.task", {"photo_size": SIDE, "window": 32}),
    "restore.train": ("studio.restore.learn.task", {"photo_size": SIDE, "window": 32}),
    "style.train": ("studio.style.house.task", {}),
    "sketch.train_pairs": ("studio.sketch.learn.pairs_task", {"size": 32, "edges": True}),
}


class SplitDone(Exception):
    """Raised once a training run has split its data set."""


@pytest.fixture
def find_parts(tmp_path, monkeypatch):
    """Returns names of the training and test images of a task: `find_parts(task, images, copies)`."""

    def divide(task, images, copies=()):
        folder = tmp_path / f"{len(images)}"
        folder.mkdir()
        for n, image in enumerate(images):
            Image.fromarray(image).save(folder / f"{n:03}.png")
        for n, image in enumerate(copies):
            Image.fromarray(image).save(folder / f"{n:03} copy.jpg", quality=60)
        names = np.array(sorted(path.name[:3] for path in folder.iterdir()))
        module = importlib.import_module(SETTINGS[task][0])
        holder, original_split = (module if callable(module.split) else split), split.split
        indices = []

        def record(*args):
            indices.extend(original_split(*args))
            raise SplitDone

        settings = tasks.get(task).settings(held_out=0.2, **SETTINGS[task][1])
        inputs = {"data": [data.store_reference(str(folder))], "style": []}
        with monkeypatch.context() as patch:
            patch.setattr(holder, "split", record)
            with pytest.raises(SplitDone):
                module.train(settings, inputs, Progress())
        return set(names[indices[0]].tolist()), set(names[indices[-1]].tolist())

    return divide


def make_random_images(count: int) -> np.ndarray:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 6, 6, 3), "uint8")
    return np.stack([resize(image, SIDE, SIDE) for image in coarse])


@pytest.mark.parametrize("task", SETTINGS)
def test_added_images_move_no_training_image_to_the_test_split(find_parts, task):
    images = make_random_images(70)
    learned, others = find_parts(task, images[:64])
    _, held_out = find_parts(task, images)
    assert len(others) > 3 and len(held_out) > 3 and not learned & held_out


@pytest.mark.parametrize("task", SETTINGS)
def test_copies_of_an_image_are_in_the_same_split(find_parts, task):
    images = make_random_images(32)
    learned, held_out = find_parts(task, images, images[:, :, ::-1])
    assert learned and held_out and not learned & held_out

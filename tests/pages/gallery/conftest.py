"""A gallery that contains only what a test adds."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.gallery import index, items, removal, unreadable


@pytest.fixture(autouse=True)
def empty_gallery(engine):
    """Empties the gallery."""
    for entry in index.find()[0]:
        shutil.rmtree(entry.folder)
    for damaged_item in unreadable.list_unreadable():
        removal.remove([damaged_item.id])
    for result in (*removal.list_removed(), *unreadable.list_unreadable(removal.removed_folder())):
        removal.delete([result.id])


@pytest.fixture
def make_result(chores):
    """Adds an image that a chore made: `make_result(shade=9)` -> its id."""

    def make(owner="local", **settings):
        chore = chores.ChoreSettings(**settings)
        pixels = np.full((48, 64, 3), chore.shade, "uint8")
        source = File.store(image_io.encode_png(pixels // 2), "image", f"shade_{chore.shade}.png")
        recipe = recipes.make("chores.do", chore, {"image": [source]})
        file = File.store(image_io.encode_png(pixels, recipe), "image", "chore.png")
        return items.add(tasks.Result((file,), {}, recipe), 4.0, owner)

    return make

"""Gallery items without an engine, as commands write them, with any owner."""

from __future__ import annotations

import numpy as np
import paint  # adds the task `fake.paint`
import pytest

from studio.core import owners, recipes, tasks
from studio.core.imaging import image_io
from studio.gallery import items


@pytest.fixture
def make_item(home, image):
    """Adds an item: `make_item(shade=9, owner="ann", tint="red")` -> its id."""

    def make(shade: int = 9, owner: str = "local", name: str = "photo.png", **settings) -> str:
        with owners.acting_as(owner):
            content = tasks.File.store(image_io.encode_png(image), "image", name)
            recipe = recipes.make("fake.paint", paint.PaintSettings(**settings), {"content": [content]})
            pixels = np.full((48, 64, 3), shade, "uint8")
            file = tasks.File.store(image_io.encode_png(pixels, recipe), "image", "painted.png")
            return items.add(tasks.Result((file,), {"loss": 0.5}, recipe), 2.0, owner)

    return make


@pytest.fixture
def make_text(home):
    """Adds a text: `make_text("a tale")` -> its id."""

    def write(text: str, **settings) -> str:
        recipe = recipes.make("fake.paint", paint.PaintSettings(**settings), {})
        file = tasks.File.store(text.encode(), "text", "tale.txt")
        return items.add(tasks.Result((file,), {}, recipe), 1.0)

    return write

"""The Chain page: the results that it offers, the steps, and why a result cannot be repeated."""

from __future__ import annotations

import numpy as np
import pytest

from pages.chain.input_form import EXAMPLE, list_results
from pages.form.samples import IMAGE_FOLDER
from pages.jobs.navigation import page_of
from pages.jobs.use_again import USES
from studio.chain.steps import list_steps
from studio.core import recipes, tasks
from studio.core.imaging import image_io
from studio.core.tasks import File, Result
from studio.gallery import items

from .elements import join_raw_texts, list_button_labels


def add_result(name: str, **values: object) -> File:
    """Adds an image to the gallery as if Enhance had made it."""
    content = File.store(image_io.encode_png(np.full((8, 8, 3), 90, "uint8")), "image", f"{name}.png")
    recipe = recipes.make(
        "enhance.enlarge", tasks.get("enhance.enlarge").settings.parse(values), {"content": [content]}
    )
    file = File.store(
        image_io.encode_png(np.full((16, 16, 3), 90, "uint8"), recipe), "image", f"{name}-2.png"
    )
    items.add(Result((file,), {}, recipe), 1.0)
    return file


@pytest.mark.slow
def test_the_example_is_offered_with_its_steps(visit):
    page = visit("chain")
    assert not page.exception and not page.error
    assert "1. Restore\n2. Style: mosaic" in join_raw_texts(page.markdown)
    assert "**Start** applies 2 steps to this photo" in join_raw_texts(page.markdown)
    assert "Start" in list_button_labels(page)


@pytest.mark.slow
def test_under_the_hood_shows_the_recipe(visit):
    page = visit("chain", explain="true")
    assert not page.exception
    assert '"restore.apply"' in page.json[0].value


def test_newest_results_that_are_chains_are_offered_once_each(home):
    add_result("old")
    newest = add_result("new", scale=3)
    add_result("new", scale=2)
    faces = recipes.make("faces.draw", tasks.get("faces.draw").settings(), {})
    grid = File.store(image_io.encode_png(np.zeros((8, 8, 3), "uint8"), faces), "image", "grid.png")
    items.add(Result((grid,), {}, faces), 1.0)
    titles = [sample.title for sample in list_results()]
    assert titles == ["new", "old", "Old coffee"]
    assert list_results()[0].get_file() != newest  # the newest of this name


def test_the_example_is_a_chain_of_shipped_models():
    steps = list_steps(recipes.read((IMAGE_FOLDER / EXAMPLE).read_bytes()))
    assert [step.task.name for step in steps] == ["restore.apply", "style.transfer"]
    assert not any(step.other_inputs for step in steps)


def test_results_open_here_and_images_can_be_sent_here():
    assert page_of("chain.apply").address == "chain"
    slots = {use.slot for use in USES if use.page_file == "chain_steps.py"}
    assert slots == {"content", "like"}

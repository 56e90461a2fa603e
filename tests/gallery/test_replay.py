"""Replay uses exactly the weights of the recipe, or fails."""

from __future__ import annotations

import numpy as np
import paint
import pytest
import tiny_weights

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.gallery import replay, replay_difference


@pytest.fixture
def recipe(home, image, monkeypatch):
    """The recipe of a task that used the weights "tiny"."""
    tiny_weights.install(monkeypatch)
    content = tasks.File.store(image_io.encode_png(image), "image", "photo.png")
    trained = {"tiny": tiny_weights.MEMBER.sha256}
    return recipes.make("fake.paint", paint.PaintSettings(), {"content": [content]}, trained)


def test_known_weights_are_accepted(recipe):
    replay.check(recipe)


def test_other_weights_are_rejected_before_the_work(recipe):
    other = recipe.model_copy(update={"weights": {"tiny": "0" * 64}})
    with pytest.raises(Unavailable, match="another training run of Tiny"):
        replay.check(other)


def test_unknown_weights_are_rejected(recipe):
    with pytest.raises(Unavailable, match="no longer here"):
        replay.check(recipe.model_copy(update={"weights": {"../model.keras": "0" * 64}}))


def test_task_loads_the_weights_of_the_recipe(recipe, tmp_path, monkeypatch):
    loaded = []

    def run(settings, inputs, progress):
        with pytest.raises(Unavailable):
            pretrained.load("tiny")  # the archive contains other weights
        loaded.append(True)
        return tasks.Result(())

    archive = tmp_path / tiny_weights.FILE
    archive.write_bytes(tiny_weights.ARCHIVE)
    pretrained.pull("tiny", source=archive)
    assert np.array_equal(pretrained.load("tiny").model.values, tiny_weights.VALUES)
    monkeypatch.setattr(paint, "run", run)
    other = recipe.model_copy(update={"weights": {"tiny": "0" * 64}})
    replay.run(other, Progress(), on_note=pytest.fail)
    assert loaded
    assert pretrained.load("tiny").digest == tiny_weights.MEMBER.sha256


def test_recipes_of_inputs_are_checked_recursively(recipe):
    inner = recipe.model_copy(update={"task": "style.steal"})
    source = recipes.Input(digest="0" * 64, name="made.png", recipe=inner)
    with pytest.raises(InvalidInput, match=r"style\.steal"):
        replay.check(recipe.model_copy(update={"inputs": {"content": [source]}}))


def test_find_reasons_names_changed_versions(recipe):
    then = recipe.model_copy(update={"versions": {"keras": "3.15.0"}, "machine": recipe.machine})
    now = tasks.Result((), recipe=recipe.model_copy(update={"versions": {"keras": "3.15.1"}}))
    assert replay_difference.find_reasons(then, now) == ["keras was 3.15.0, now 3.15.1"]
    assert "edited" in replay_difference.find_reasons(recipe, tasks.Result((), recipe=recipe))[0]


@pytest.mark.parametrize("change, most", [(0, 0), (3, 3), (-200, 200)])
def test_compare_images_finds_the_largest_difference(change, most, image, home):
    original = image.copy()
    image[20, 30] = 220
    original[20, 30] = 220 + change
    result = tasks.Result((tasks.File.store(image_io.encode_png(image), "image", "a.png"),))
    differs = replay_difference.compare_images(original, result, ".png")
    assert (differs.maximum, differs.is_identical) == (most, most == 0)
    assert differs.mean == pytest.approx(most * 3 / image.size)
    assert not replay_difference.compare_images(original[:-1], result, ".png").is_identical

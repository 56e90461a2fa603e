"""Chains: the steps of a result, applied to another photo; what cannot be a step; inputs of steps."""

from __future__ import annotations

import numpy as np
import pytest

from studio.chain.settings import ChainSettings
from studio.chain.steps import MAX_STEPS, list_steps
from studio.colorize.settings import QUICK_NETWORK
from studio.core import owners, recipes, tasks
from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import image_io, sample_photos
from studio.core.progress import Progress, Report
from studio.core.recipes import Input
from studio.core.tasks import File, Inputs, Result
from studio.gallery import replay


def store(image: np.ndarray, name: str) -> File:
    return File.store(image_io.encode_png(image), "image", name)


def apply(task: str, content: File, others: Inputs | None = None, **values: object) -> File:
    settings = tasks.get(task).settings.parse(values)
    return tasks.run(task, settings, {"content": [content], **(others or {})}).files[0]


def chain(content: File, like: File, progress: Progress | None = None) -> Result:
    return tasks.run("chain.apply", ChainSettings(), {"content": [content], "like": [like]}, progress)


@pytest.fixture
def photo(home) -> File:
    return store(sample_photos.read_photo("coffee")[:64, :96], "cup.png")


@pytest.fixture
def other_photo(home) -> File:
    return store(sample_photos.read_photo("chelsea")[:80, :72], "cat.png")


def apply_steps(photo: File, style: File) -> File:
    """Enlarges a photo, then gives it the colors of another."""
    enlarged = apply("enhance.enlarge", photo, scale=1.5, clean=False)
    return apply("colorize.apply", enlarged, {"examples": [style]}, recolor=True, network=QUICK_NETWORK)


@pytest.fixture
def example(home) -> File:
    return store(np.full((40, 40, 3), (200, 60, 20), "uint8"), "clay.png")


@pytest.mark.slow
@pytest.mark.parametrize("owner", [owners.LOCAL, "a" * 32])
def test_all_steps_run_with_their_settings_and_inputs(home, owner):
    with owners.acting_as(owner):
        photo = store(sample_photos.read_photo("coffee")[:64, :96], "cup.png")
        other = store(sample_photos.read_photo("chelsea")[:80, :72], "cat.png")
        example = store(np.full((40, 40, 3), (200, 60, 20), "uint8"), "clay.png")
        reports: list[Report] = []
        result = chain(other, apply_steps(photo, example), Progress(reports.append))
        expected = apply_steps(other, example)
        image = image_io.read(result.files[0].read())
        assert image.shape == (120, 108, 3)
        assert np.array_equal(image, image_io.read(expected.read()))
    assert result.files[0].name == "cat like cup-x1.5-colored.png"
    assert result.figures["steps"] == 2
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert {report.text for report in reports} >= {"Enhance (1 of 2)", "Colorize (2 of 2)"}
    assert set(result.recipe.weights) == {"enlarge", QUICK_NETWORK}


@pytest.mark.slow
def test_a_result_of_a_chain_is_replayed_and_is_a_chain_itself(photo, other_photo):
    first = chain(other_photo, apply("enhance.enlarge", photo, scale=1.5, clean=False)).files[0]
    recipe = recipes.read(first.read())
    again = replay.run(recipe, Progress(), on_note=pytest.fail)
    assert again.files[0].digest == first.digest
    [step] = list_steps(recipe)
    assert step.task.name == "enhance.enlarge"  # the step of the first chain
    assert image_io.read(chain(photo, first).files[0].read()).shape == (96, 144, 3)


def test_results_that_are_no_chain_are_refused(photo, other_photo):
    with pytest.raises(InvalidInput, match="no recipe"):
        chain(photo, other_photo)
    mask = store(np.zeros((64, 96, 3), "uint8"), "mask.png")
    settings = tasks.get("enhance.enlarge").settings()
    recipe = recipes.make("enhance.enlarge", settings, {"content": [photo], "mask": [mask]})
    like = File.store(image_io.encode_png(np.zeros((8, 8, 3), "uint8"), recipe), "image", "like.png")
    with pytest.raises(InvalidInput, match=r"Enhance used an input that was painted on its photo.*: mask"):
        chain(other_photo, like)
    faces = recipes.make("faces.draw", tasks.get("faces.draw").settings(), {})
    with pytest.raises(InvalidInput, match="does not start from a photo"):
        list_steps(faces)
    zoom = tasks.get("dream.ascend").settings.parse({"zoom": 4})
    with pytest.raises(InvalidInput, match="made a video"):
        list_steps(recipes.make("dream.ascend", zoom, {"content": [photo]}))


def test_the_number_of_steps_is_limited(photo):
    recipe = recipes.make("xray.look", tasks.get("xray.look").settings(), {"content": [photo]})
    for _ in range(MAX_STEPS):
        source = Input(digest=photo.digest, name="cup.png", recipe=recipe)
        recipe = recipe.model_copy(update={"inputs": {"content": [source]}})
    assert len(list_steps(recipe.inputs["content"][0].recipe)) == MAX_STEPS
    with pytest.raises(InvalidInput, match=f"at most {MAX_STEPS} steps"):
        list_steps(recipe)


def test_a_removed_input_of_a_step_is_named(photo, other_photo, example):
    settings = tasks.get("colorize.apply").settings.parse({"recolor": True, "network": QUICK_NETWORK})
    recipe = recipes.make("colorize.apply", settings, {"content": [photo], "examples": [example]})
    like = File.store(image_io.encode_png(np.zeros((8, 8, 3), "uint8"), recipe), "image", "like.png")
    example.path.unlink()
    with pytest.raises(Unavailable, match=r"Colorize needs clay\.png"):
        chain(other_photo, like)


def test_settings_that_a_step_no_longer_accepts_and_unknown_inputs_are_refused(photo):
    recipe = recipes.make("enhance.enlarge", tasks.get("enhance.enlarge").settings(), {"content": [photo]})
    with pytest.raises(InvalidInput):
        list_steps(recipe.model_copy(update={"settings": {"scale": -3}}))
    strange = recipe.model_copy(update={"inputs": recipe.inputs | {"hat": recipe.inputs["content"]}})
    like = File.store(image_io.encode_png(np.zeros((8, 8, 3), "uint8"), strange), "image", "like.png")
    with pytest.raises(InvalidInput, match="hat"):
        chain(photo, like)

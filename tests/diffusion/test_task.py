"""The diffusion task: from a data set to a packed generator with its card."""

from __future__ import annotations

import eager_mode
import numpy as np
import pytest
import saved_models

from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.models import presets
from studio.core.training import checkpoints

TASK = "diffusion.train"


@pytest.fixture(scope="module")
def dataset(images, labels, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "squares.npz"
    np.savez(path, images=images[..., 0], labels=np.where(labels, "right", "left"))
    return data.store_reference(str(path))


@pytest.fixture(scope="module")
def short(tiny):
    return tiny.model_copy(update={"steps": 2, "test_every": 1})


@pytest.fixture(scope="module")
def result(dataset, short):
    with pytest.MonkeyPatch.context() as patch, eager_mode.run_eagerly():
        for name, value in (("train.PREVIEW_STEPS", 1), ("task.STEPS", 2), ("task.CARD_IMAGES", 4)):
            patch.setattr(f"studio.diffusion.{name}", value)
        return tasks.run(TASK, short, {"data": [dataset]})


@pytest.mark.slow
def test_training_gives_a_complete_model(result, dataset, short):
    preset = presets.unpack(result.files[0].read(), "squares")
    model = tasks.import_object(tasks.get(TASK).load_generator)(preset)
    figures = result.figures
    assert preset.read_settings() == short and preset.read_recipe() == result.recipe
    assert (figures["steps"], figures["images"], figures["classes"]) == (2, 96, 2)
    assert figures["curve"]["steps"] == [1, 2] and len(figures["curve"]["validation"]) == 2
    assert model.classes == ("left", "right") and model.size == 28
    card = preset.read_card()
    assert "It learned 2 classes" in card and "without guidance" in card
    assert "python -m training.train_diffusion squares.npz -o DIR --steps 2" in card
    assert saved_models.read_image(preset).startswith(b"RIFF") and preset.read_stages()
    assert checkpoints.find_run(TASK, short, {"data": [dataset]}).load() is None  # it is done


@pytest.mark.slow
def test_a_start_model_of_other_classes_is_refused_before_training(result, images, tiny, tmp_path):
    np.savez(tmp_path / "other.npz", images=images[..., 0], labels=np.arange(96) % 3)
    inputs = {"data": [data.store_reference(str(tmp_path / "other.npz"))], "start": result.files}
    with pytest.raises(InvalidInput, match=r"the classes left, right.*the classes 0, 1, 2"):
        tasks.run(TASK, tiny, inputs)
    with pytest.raises(InvalidInput, match="width 32"):
        tasks.check(TASK, tiny.model_copy(update={"width": 32}), inputs)
    tasks.check(TASK, tiny.model_copy(update={"conditional": False}), inputs)  # the data decides


def test_too_few_images_and_copies_are_refused_with_the_minimum(home, images, tiny, tmp_path):
    for name, few in (("few", images[:20]), ("copies", np.repeat(images[:4], 24, axis=0))):
        np.savez(tmp_path / f"{name}.npz", images=few[..., 0])
        file = data.store_reference(str(tmp_path / f"{name}.npz"))
        with pytest.raises(InvalidInput, match="at least 64"):
            tasks.run(TASK, tiny, {"data": [file]})

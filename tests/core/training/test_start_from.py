"""A starting model that does not fit is rejected before any data is read."""

from __future__ import annotations

import json

import pytest

from studio.core import paths, recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.models import model_folder, model_zip
from studio.core.tasks import File
from studio.core.training import start_from

SHAPE_SETTINGS = {
    "dcgan.train": "width",
    "colorize.train": "width",
    "enhance.train": "width",
    "sketch.train": "width",
    "sketch.train_pairs": "width",
    "vae.train": "width",
    "diffusion.train": "width",
    "text.train": "units",
    "restore.train": "width",
    "style.train": "width",
}


def pack_model(task: str, folder, figures=None) -> File:
    """Returns a model with the default settings of its training, without valid weights."""
    folder.mkdir()
    settings = tasks.get(task).settings().model_dump(mode="json")
    (folder / model_folder.WEIGHTS).write_bytes(b"no weights")
    digest = paths.file_digest(folder / model_folder.WEIGHTS)
    (folder / model_folder.SETTINGS).write_text(
        json.dumps(
            {"task": task, "settings": settings, "weights": digest, "data": {"figures": figures or {}}}
        )
    )
    (folder / model_folder.CARD).write_text("# A model\n")
    (folder / model_folder.RECIPE).write_text(recipes.Recipe(task=task, settings=settings).to_json())
    return File.store(model_zip.pack(folder), "model", "before.zip")


def make_inputs(task: str, start: File) -> dict[str, list[File]]:
    """Returns inputs of a training run that are not valid data."""
    files = {
        "data": [File.store(b"no images", "dataset", "no.zip")],
        "style": [File.store(b"no image", "image", "no.png")],
        "text": [
            File.store(b"the cat sat on the mat and the dog sat on the log, and then " * 2, "text", "a")
        ],
    }
    return {slot.name: files[slot.name] for slot in tasks.get(task).inputs if slot.min_files} | {
        "start": [start]
    }


@pytest.mark.parametrize("task, setting", SHAPE_SETTINGS.items())
def test_a_start_model_of_another_shape_is_refused_naming_the_setting(home, tmp_path, task, setting):
    settings, inputs = tasks.get(task).settings(), make_inputs(task, pack_model(task, tmp_path / "before"))
    default = getattr(settings, setting)
    tasks.check(task, settings, inputs)
    other = settings.model_copy(update={setting: default + 16, "seed": 3})
    with pytest.raises(InvalidInput, match=rf": {setting} {default}\. Use {setting} {default + 16}\."):
        tasks.check(task, other, inputs)


@pytest.mark.parametrize("task", SHAPE_SETTINGS)
def test_a_start_model_of_another_task_is_refused_naming_the_task(home, tmp_path, task):
    other = "vae.train" if task == "dcgan.train" else "dcgan.train"
    inputs = make_inputs(task, pack_model(other, tmp_path / "before"))
    with pytest.raises(InvalidInput, match=f"Invalid model to start from.* {other} made"):
        tasks.check(task, tasks.get(task).settings(), inputs)


@pytest.mark.parametrize("task", SHAPE_SETTINGS)
def test_an_incomplete_start_model_is_refused_before_the_data_is_read(home, tmp_path, task):
    inputs = make_inputs(task, pack_model(task, tmp_path / "before"))
    with pytest.raises(InvalidInput, match=r"weights|preset before"):
        tasks.run(task, tasks.get(task).settings(), inputs)


@pytest.mark.parametrize(
    "figures, least, note",
    [
        ({"least_held_out": 0.1}, 0.1, ""),
        ({"least_held_out": 0.2}, 0.1, ""),
        ({"least_held_out": 0.03}, 0.03, "held out 3% of its images."),
        ({}, 0.0, "held out other images."),  # split by index, as the shipped models
    ],
)
def test_possible_test_data_leakage_of_a_start_model_is_noted(home, tmp_path, figures, least, note):
    inputs = {"start": [pack_model("vae.train", tmp_path / "before", figures)]}
    assert start_from.find_least_held_out(inputs, 0.1) == least
    sentence = "If it learned from this data set, it was trained on some of the test part."
    expected = [f"before, or a model before it, {note} {sentence}"] if note else []
    assert start_from.list_leakage_notes(inputs, 0.1) == expected


def test_without_a_start_model_there_is_no_leakage_note():
    assert start_from.find_least_held_out({}, 0.1) == 0.1 and start_from.list_leakage_notes({}, 0.1) == []

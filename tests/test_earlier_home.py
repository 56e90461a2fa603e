"""What an earlier studio made opens, replays and goes on: a STUDIO_HOME that `tests/homes/make.py` made."""

from __future__ import annotations

import importlib.metadata
import zipfile
from pathlib import Path

import pytest

from studio.core import tasks
from studio.core.errors import Unavailable
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.training import checkpoints
from studio.engine import Engine
from studio.gallery import index, items, replay

MADE = Path(__file__).with_name("homes") / "first.zip"
KERAS = "3.15.1"  # that it was made with: checkpoints go on only with the same
SETTINGS = {"units": 16, "layers": 1, "embedding": 8, "sequence": 16, "streams": 4, "dropout": 0.0}
TASKS = {"style.transfer", "faces.draw", "text.train", "text.write"}


@pytest.fixture
def earlier(home):
    with zipfile.ZipFile(MADE) as zipped:
        zipped.extractall(home)
    return home


def listed() -> dict[str, items.Item]:
    entries, count = index.find(index.Wanted())
    assert count == len(entries) == 5
    return {entry.id: items.find(entry.id) for entry in entries}


def of(task: str) -> items.Item:
    return next(one for one in listed().values() if one.task == task)


def test_the_gallery_lists_all_of_it(earlier):
    assert set(index.tasks_of()) == TASKS
    for item in listed().values():
        assert item.result.recipe.task == item.task
        assert item.thumbnail()


@pytest.mark.parametrize("task", ["text.write", "style.transfer"])
def test_a_recipe_makes_the_same_again(earlier, task):
    item = of(task)
    recipe = item.result.recipe
    replay.check(recipe)
    again = replay.again(recipe, Progress(), lambda note: pytest.fail(note))
    assumed = tasks.get(task).settings.assumed  # what a recipe lacks that is older than the setting
    assert {**assumed, **recipe.settings} == again.recipe.settings and recipe.inputs == again.recipe.inputs
    assert again.files[0].kind == item.result.files[0].kind
    if task == "text.write":  # of pictures other processors round otherwise
        assert again.files[0].digest == item.result.files[0].digest


def test_what_a_model_drew_that_has_learnt_on_since_opens_and_says_what_to_do(earlier):
    item = of("faces.draw")
    assert item.result.files[0].read()
    with pytest.raises(Unavailable, match=r"another model digits-vae .* the version of the studio that had"):
        replay.check(item.result.recipe)
    now = item.result.recipe.checked_settings()
    assert tasks.run("faces.draw", now, {}, Progress()).files[0].read()  # its settings still draw


def test_a_kept_model_opens_and_writes(earlier):
    assert presets.own() == ["rhyme"]
    preset = presets.find("rhyme")
    assert preset.task == "text.train" and preset.settings().units == 16
    kind = tasks.get("text.write").settings
    made = tasks.run("text.write", kind(preset="rhyme", chars=20), {}, Progress())
    assert len(made.files[0].read().decode()) >= 20


@pytest.mark.slow
def test_a_finished_job_is_shown(earlier):
    engine = Engine(warm=False)
    try:
        written = [job.result.files[0].read() for job in engine.jobs() if job.task == "text.write"]
        assert sorted(text[:9] for text in written) == [b"Alice was", b"The Queen"]
    finally:
        engine.close()


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.metadata.version("keras") != KERAS, reason=f"its checkpoint is of Keras {KERAS}"
)
def test_an_unfinished_training_goes_on(earlier):
    (folder,) = (earlier / "runs").iterdir()
    (text,) = of("text.train").result.recipe.inputs["text"]
    text = tasks.File(text.digest, "text", text.name)
    settings = tasks.get("text.train").settings.parse({**SETTINGS, "epochs": 30, "seed": 7})
    assert checkpoints.find("text.train", settings, {"text": [text]}).folder == folder
    reached = []
    stop = Progress(lambda report: reached.append(report.step), lambda: max(reached, default=0) >= 150)
    tasks.run("text.train", settings, {"text": [text]}, stop)
    first = next(step for step in reached if step)
    assert first >= 104

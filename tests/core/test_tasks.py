"""The task registry: lookup by name, and input checks before the task is imported."""

from __future__ import annotations

import subprocess
import sys

import paint
import pytest

from studio.core import tasks
from studio.core.errors import InvalidInput, Unavailable
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.style.settings import TransferSettings


@pytest.fixture
def photo(image, home):
    return File.store(image_io.encode_png(image), "image", "photo.png")


@pytest.mark.parametrize("name", tasks.TASKS)
def test_every_registered_task_is_complete(name):
    task = tasks.get(name)
    assert task.name == name
    assert bool(task.settings.describe()) == (name != "chain.apply")  # whose steps have settings of their own
    for slot in task.inputs:
        assert 0 <= slot.min_files <= slot.max_files
    assert callable(task.settings.parse)


def test_an_unknown_task_lists_the_known_ones():
    with pytest.raises(InvalidInput, match=r"style\.transfer"):
        tasks.get("style.steal")


@pytest.mark.parametrize("name", ["os:system", "studio.style:TRANSFER", "", "style.transfer "])
def test_only_registered_names_are_imported(name):
    with pytest.raises(InvalidInput):
        tasks.get(name)


def test_running_a_task_by_name_returns_result_and_figures(photo):
    reports = []
    result = tasks.run(
        "fake.paint", paint.PaintSettings(steps=2), {"content": [photo]}, tasks.Progress(reports.append)
    )
    assert result.figures["passes"] == 2
    assert not result.stopped_early
    assert [report.step for report in reports] == [1, 2]
    assert image_io.read(result.files[0].read()).shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["x" * 140 + ".png", "holiday " * 14 + "-style.mp4", "猫" * 200 + ".webp"])
def test_a_long_file_name_keeps_its_extension(home, name):
    short = File.store(b"x", "image", name).name
    assert (len(short), short.rpartition(".")[2]) == (120, name.rpartition(".")[2])


def test_a_cancelled_run_returns_its_best_result_so_far(photo):
    stop = tasks.Progress(cancelled=lambda: True)
    result = tasks.run("fake.paint", paint.PaintSettings(steps=9), {"content": [photo]}, stop)
    assert result.stopped_early
    assert result.figures["passes"] == 1


@pytest.mark.parametrize(
    "inputs, words",
    [
        ({}, "0"),
        ({"content": 2}, "2"),
        ({"content": 1, "mask": 3}, "0 to 2"),
        ({"content": 1, "frame": 1}, "frame"),
    ],
)
def test_wrong_inputs_are_refused_before_the_work_is_imported(inputs, words, photo, monkeypatch):
    monkeypatch.setattr(paint, "run", lambda *_: pytest.fail("started"))
    with pytest.raises(InvalidInput, match=words):
        tasks.run("fake.paint", paint.PaintSettings(), {slot: [photo] * n for slot, n in inputs.items()})


def test_a_file_of_another_kind_is_refused(photo):
    text = File(photo.digest, "text", "poem.txt")
    with pytest.raises(InvalidInput, match="a text"):
        tasks.run("fake.paint", paint.PaintSettings(), {"content": [text]})


def test_settings_of_another_task_are_refused(photo):
    with pytest.raises(InvalidInput, match="PaintSettings"):
        tasks.run("fake.paint", TransferSettings(), {"content": [photo]})


def test_files_are_stored_and_found_by_digest(home):
    file = File.store(b"bytes", "text", "poem.txt")
    assert file.read() == b"bytes"
    assert file.path.name == file.digest
    file.path.unlink()
    with pytest.raises(Unavailable):
        file.read()


def test_goals_have_readable_titles():
    goals = [goal for name in tasks.TASKS if (goal := tasks.get(name).goal)]
    assert goals and not any(
        "_" in goal.title_of(measure) for goal in goals for measure in (None, goal.metric)
    )
    task_goal = tasks.get("text.train").goal
    assert (task_goal.title_of(), task_goal.title_of("validation_nats")) == (
        "nats per character, validation",
    ) * 2
    assert task_goal.title_of("validation") == "validation"


@pytest.mark.parametrize(
    "task, settings, slots, expected",
    [
        ("style.transfer", {}, ["content", "style"], "content 1 + style 1"),
        ("style.transfer", {"house": ["stained_glass"]}, ["content", "mask"], "content 1 + stained glass"),
        ("dream.ascend", {"look": "palaces"}, ["content"], "content 1 + palaces"),
        ("dream.ascend", {"layers": ["mixed4:71"]}, ["content"], "content 1 + mixed4:71"),
        ("dream.ascend", {"gone": 1}, ["content"], "content 1"),
        ("faces.draw", {}, [], ""),
    ],
)
def test_the_sources_of_a_result_are_described(task, settings, slots, expected):
    inputs = {slot: [File("0" * 64, "image", f"{slot}_1.png")] for slot in slots}
    assert tasks.describe_sources(task, settings, inputs) == expected


@pytest.mark.slow
def test_prepare_functions_load_no_keras(home):
    code = (
        "import sys; from studio.core import tasks\n"
        "found = [task for task in map(tasks.get, tasks.TASKS) if task.prepare]\n"
        "for task in found: tasks.import_object(task.prepare)(task.settings())\n"
        "sys.exit(' '.join({'keras', 'tensorflow', 'jax'} & {*sys.modules}) or len(found) < 3)"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize(
    "task, settings, names, expected",
    [
        (
            "style.transfer",
            {"house": ["mosaic", "stained_glass"]},
            {"content": ["My_cat.jpg"]},
            "My cat in mosaic and stained glass",
        ),
        ("style.transfer", {}, {"content": ["a.png"], "style": ["b.png"], "mask": ["m.png"]}, "a in b"),
        ("dream.ascend", {"look": "eyes"}, {"content": ["a.png"]}, "a dreaming of eyes"),
        ("enhance.enlarge", {}, {"content": ["a.png"]}, "a enhanced"),
        (
            "video.repaint",
            {"task": "style.transfer", "base": {"house": ["wash"]}},
            {"video": ["a.mp4"]},
            "a in wash",
        ),
        ("text.train", {}, {"text": ["book.txt"]}, "book text training"),
        ("faces.draw", {"seed": 7}, {}, "64 faces seed 7"),
        ("faces.draw", {"preset": "faces-vae", "face": 3, "seed": 7}, {}, "face 3 of faces-vae seed 7"),
        ("faces.draw", {"preset": "digits-vae", "n": 1, "seed": 0}, {}, "1 image of digits-vae seed 0"),
        ("text.write", {"preset": "alice", "seed": 2}, {}, "text by alice seed 2"),
        ("lab.imagine", {"seed": 0}, {}, "imagined digits seed 0"),
        ("no.such", {}, {}, "no"),
    ],
)
def test_a_name_is_suggested_from_sources_and_settings(task, settings, names, expected):
    inputs = {slot: [File("0" * 64, "image", name) for name in sources] for slot, sources in names.items()}
    assert tasks.suggest_name(task, settings, inputs) == expected

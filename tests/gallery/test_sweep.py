"""Sweeps render each cell with its own settings, and one labeled sheet."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import paint
import pytest

from studio.core import recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress, Report
from studio.gallery import contact_sheet, export, items, sweep
from studio.gallery.sweep_settings import NAME, SWEEP, SweepSettings
from tests.wording import SECOND_SENTENCE


@pytest.fixture
def content(home, image):
    return {"content": [tasks.File.store(image_io.encode_png(image), "image", "photo.png")]}


def make_settings(*vary, task="fake.paint", **base):
    return SweepSettings(task=task, base=paint.PaintSettings(**base).model_dump(mode="json"), vary=vary)


def cell_values(settings):
    return [[dict(cell.values) for cell in row] for row in sweep.make_cells(settings)]


def test_first_setting_varies_along_rows(home):
    assert cell_values(make_settings("seed=1|2|3", "mirror=true|false")) == [
        [{"seed": n, "mirror": mirror} for n in (1, 2, 3)] for mirror in (True, False)
    ]
    assert all(cell.settings.steps == 9 for cell in sweep.make_cells(make_settings("seed=1|2", steps=9))[0])


@pytest.mark.parametrize(
    "word, expected",
    [
        ("seconds=0:2:3", [0, 1, 2]),
        ("seconds=0:1", [0, 0.25, 0.5, 0.75, 1]),
        ("steps=1:3:9", [1, 2, 3]),
        ("tint=none|red", ["none", "red"]),
    ],
)
def test_values_are_listed_or_spaced(home, word, expected):
    name = word.partition("=")[0]
    assert [cell[name] for cell in cell_values(make_settings(word))[0]] == expected


def test_recipe_has_the_weights_of_all_cells(content, monkeypatch):
    real = recipes.make

    def make(task, settings, inputs, weights=None):
        used = {f"model-{settings.tint}": "a" * 64} if task == "fake.paint" else weights
        return real(task, settings, inputs, used)

    monkeypatch.setattr(recipes, "make", make)
    result = tasks.run(NAME, make_settings("tint=none|red"), content)
    assert result.recipe.weights == {"model-none": "a" * 64, "model-red": "a" * 64}


@pytest.mark.parametrize(
    "settings",
    [
        make_settings(),
        make_settings("seed=1"),
        make_settings("seed"),
        make_settings("mood=1|2"),
        make_settings("levels=1|2"),
        make_settings("tint=red|green"),
        make_settings("steps=1|0"),
        make_settings("seed=a:b"),
        make_settings("seed=1:9:99"),
        make_settings("seed=1:inf:3"),
        make_settings("seed=1:9:inf"),
        make_settings("seed=1:9:1e400"),
        make_settings("seed=-1e308:1e308:3"),
        make_settings("seed=1|2", "seed=3|4"),
        make_settings("seed=1:7:7", "steps=1:6:6"),
        make_settings("seed=1|2", task="style.of-tomorrow"),
        make_settings("vary=1|2", task=NAME),
        SweepSettings(task="fake.paint", base={"seed": "1"}, vary=("seed=1|2",)),
        SweepSettings(task="fake.paint", base={"mood": 1}, vary=("seed=1|2",)),
    ],
)
def test_invalid_sweep_is_rejected_before_the_work(content, settings):
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        tasks.check(NAME, settings, content)


@pytest.mark.parametrize(
    "typed, expected",
    [
        (
            "abc",
            "Invalid values of steps: abc. Use 2 to 36, as A,B or LOW:HIGH:COUNT. ",
        ),
        ("", ": nothing. Use 2 to 36, as A,B or LOW:HIGH:COUNT."),
        ("7:7:3", ": 7:7:3. Use 2 to 36, as A,B or LOW:HIGH:COUNT."),
        ("0:99999:400", ": 0:99999:400. Use LOW:HIGH:COUNT with a COUNT of 2 to 36."),
        ("1:2:3:4", ": 1:2:3:4. Use LOW:HIGH:COUNT with a COUNT of 2 to 36."),
        ("one:two", ": one:two. Use LOW:HIGH:COUNT with a COUNT of 2 to 36."),
        ("1:36:36", "Invalid sweep: 72 cells. Use at most 36 cells. "),
    ],
)
def test_error_quotes_the_typed_text(content, typed, expected):
    """Once in a field for the values alone, and once after `--vary`."""
    with pytest.raises(InvalidInput) as raised:
        tasks.check(NAME, make_settings(f"steps={typed}", "seed=1:2:2"), content)
    assert expected in str(raised.value)
    assert not any(word in str(raised.value) for word in ("--", "vary", "steps="))


def test_maximum_number_of_cells_is_accepted(home):
    cells = cell_values(make_settings("seed=1:6:6", "steps=1:6:6"))
    assert sum(map(len, cells)) == sweep.MAX_CELLS


def test_inputs_are_checked_by_the_task(home):
    with pytest.raises(InvalidInput, match="content"):
        tasks.check(NAME, make_settings("seed=1|2"), {})


def test_recipe_of_a_cell_repeats_it(content):
    result = tasks.run(NAME, make_settings("mirror=true|false", "seed=1|2|3", steps=2), content)
    sheet, *cells = result.files
    assert len(cells) == 6
    assert recipes.read(sheet.read()) == result.recipe
    recipes_of_cells = [recipes.read(file.read()) for file in cells]
    assert [(r.settings["mirror"], r.settings["seed"]) for r in recipes_of_cells] == [
        (mirror, seed) for seed in (1, 2, 3) for mirror in (True, False)
    ]
    assert all(r.task == "fake.paint" and r.settings["steps"] == 2 for r in recipes_of_cells)
    again = tasks.run("fake.paint", recipes_of_cells[3].parse_settings(), content)
    assert again.files[0] == cells[3]
    assert [cell["label"] for cell in result.figures["cells"]][:2] == [
        "mirror True, seed 1",
        "mirror False, seed 1",
    ]
    assert image_io.read(sheet.read()).shape == (3 * (240 + 26 + 16) + 16, 2 * (320 + 16) + 16, 3)


def test_stopped_sweep_has_finished_cells(content):
    asks = iter(range(100))
    reports: list[Report] = []
    progress = Progress(reports.append, lambda: next(asks) >= 6)
    result = tasks.run(NAME, make_settings("seed=1|2|3|4", steps=1), content, progress)
    assert result.stopped_early
    assert 1 <= len(result.files) - 1 < 4
    assert reports[0].stage == "1 of 4, seed 1"
    with pytest.raises(Cancelled):
        tasks.run(NAME, make_settings("seed=1|2"), content, Progress(cancelled=lambda: True))


def test_failed_cell_stays_empty(content, monkeypatch):
    run = paint.run

    def fussy(settings, inputs, progress):
        if settings.seed == 2:
            raise InvalidInput("It is not to my taste. Another.")
        if settings.seed == 4:
            raise ZeroDivisionError
        return run(settings, inputs, progress)

    monkeypatch.setattr(paint, "run", fussy)
    faulty = tasks.run(NAME, make_settings("seed=3|4"), content)
    assert len(faulty.files) == 2 and "error" in faulty.figures["cells"][1]
    result = tasks.run(NAME, make_settings("seed=1|2|3"), content)
    assert len(result.files) == 3
    assert "error" in result.figures["cells"][1]
    assert "1 of the cells" in result.figures["notes"][0]
    with pytest.raises(InvalidInput, match="taste"):
        tasks.run(NAME, make_settings("seed=2|2"), content)


def test_cells_are_exported_with_their_recipes(content):
    result = tasks.run(NAME, make_settings("seed=1|2"), content)
    item = items.find(items.add(result, 1.0))
    assert item.recipe_of(result.files[0]).task == NAME
    assert item.recipe_of(result.files[2]).settings["seed"] == 2
    buffer = io.BytesIO()
    export.write_zip([item], buffer)
    with zipfile.ZipFile(buffer) as packed:
        assert len(packed.namelist()) == 3


def test_texts_are_exported_with_their_recipes(home, make_text):
    item = items.find(make_text("a tale", seed=1))
    path = item.folder / "outcome.json"
    outcome = json.loads(path.read_text())
    own = items.find(make_text("another", seed=7)).result.recipe
    digest = outcome["result"]["files"][0]["digest"]
    outcome["result"]["figures"] = {"cells": [{"digest": digest, "recipe": json.loads(own.to_json())}]}
    path.write_text(json.dumps(outcome))
    buffer = io.BytesIO()
    export.write_zip([items.find(item.id)], buffer)
    with zipfile.ZipFile(buffer) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".json"))
        assert recipes.read(packed.read(name)).settings["seed"] == 7


def test_suggested_values_are_valid(home):
    for name in tasks.TASKS:
        task = tasks.get(name)
        for field in sweep.list_sweepable_settings(task.settings).values() if task.lane != "drive" else ():
            word = f"{field.name}={sweep.suggest_values(field, field.default)}"
            base = task.settings().model_dump(mode="json")
            assert sweep.make_cells(SweepSettings(task=name, base=base, vary=(word,)))


def test_sweep_accepts_inputs_of_every_task():
    slots = {slot.name: slot for slot in SWEEP.inputs}
    for name in ("style.transfer", "dream.ascend", "faces.draw", "text.write"):
        for slot in tasks.get(name).inputs:
            assert slots[slot.name].kind == slot.kind
            assert slots[slot.name].max_files >= slot.max_files


def test_sheet_shows_images_in_order(image):
    dark, light = np.full((64, 64, 3), 10, "uint8"), np.full((64, 32, 3), 200, "uint8")
    sheet = contact_sheet.draw_sheet([dark, None, light], ["a", "b", "a very long label " * 9], 2)
    assert sheet.shape == (2 * (320 + 26 + 16) + 16, 2 * (320 + 16) + 16, 3)
    assert (sheet[16 + 160, 16 + 160] == 10).all()
    assert (sheet[16 + 362 + 160, 16 + 160] == 200).all()
    assert sheet[16 + 160, 16 + 336 + 160].mean() > 200
    assert (sheet[:, -16:] == sheet[0, 0]).all(), "no label runs over the edge"
